package io.membrane.fragment.store;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import java.nio.charset.StandardCharsets;

/**
 * What a payload is called, and in which sharing domain.
 *
 * @param domain who may see it: a domain's text form, without a slash
 * @param key a fragment's key, or whatever else the domain's names are
 */
public record Name(String domain, String key) {

  public Name {
    if (domain.isEmpty() || domain.indexOf('/') >= 0 || key.isEmpty()) {
      throw new IllegalArgumentException("no name: '" + domain + "' '" + key + "'");
    }
  }

  /** The name of a fragment. */
  public static Name of(String domain, FragmentKey key) {
    return new Name(domain, key.toString());
  }

  /** Whether it is a fragment's: other names begin with a shorter word than a hash. */
  boolean isFragment() {
    return key.indexOf('/') == 2 * BlockHash.BYTES;
  }

  /** Reads {@link #toString}. */
  static Name parse(String text) {
    int slash = text.indexOf('/');
    return new Name(text.substring(0, Math.max(0, slash)), text.substring(slash + 1));
  }

  /** As it stands in Redis: {@code <domain>/<key>}. */
  @Override
  public String toString() {
    return domain + "/" + key;
  }

  byte[] bytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }
}
