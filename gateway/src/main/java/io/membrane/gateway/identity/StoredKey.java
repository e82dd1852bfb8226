package io.membrane.gateway.identity;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;

/**
 * What is kept of a key.
 *
 * @param name what its maker calls it
 * @param created milliseconds since 1970
 * @param expires milliseconds since 1970; from then on it is refused
 * @param sha256 of its secret, in hex
 */
record StoredKey(
    String tenant, String name, Set<Scope> scopes, long created, long expires, String sha256) {

  StoredKey {
    scopes = Set.copyOf(scopes);
  }

  byte[] digest() {
    return HexFormat.of().parseHex(sha256);
  }

  boolean isOver(Instant now) {
    return now.toEpochMilli() >= expires;
  }
}
