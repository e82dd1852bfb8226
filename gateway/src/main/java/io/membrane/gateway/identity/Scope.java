package io.membrane.gateway.identity;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a caller may do. None contains another. */
public enum Scope {
  /** Look and fetch: fragments, matches, plans, states. */
  READ,
  /** Store, remove what is one's own, and have things computed. */
  WRITE,
  /** Act as a part of the fleet: events, registrations, telemetry, transfers. */
  ENGINE,
  /** Keys, policies, other tenants, and every path that {@link Access} does not name. */
  ADMIN;

  /** As it stands in keys and tokens. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The scope of that word; empty if there is none. */
  public static Optional<Scope> named(String word) {
    return Stream.of(values()).filter(scope -> scope.word().equals(word)).findFirst();
  }
}
