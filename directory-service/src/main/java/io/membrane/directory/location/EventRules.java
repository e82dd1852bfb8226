package io.membrane.directory.location;

import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import org.jspecify.annotations.Nullable;

/** What an event must say, wherever it comes from. */
public final class EventRules {

  private static final int MAX_NAME = 256;
  private static final int MAX_TIER = 64;

  private EventRules() {}

  /**
   * Checks an event.
   *
   * @throws IllegalArgumentException if a part is missing, superfluous or out of line
   */
  public static void check(Event event) {
    switch (event.type()) {
      case STORED -> checkStored(event);
      case REMOVED -> require(event.blockHash(), "a removed event", "block_hash");
      case CLEARED -> {
        if (event.blockHash() != null || event.slice() != null || event.tier() != null) {
          throw new IllegalArgumentException(
              "a cleared event empties the whole node and names no block_hash, slice or tier;"
                  + " to take away one block write removed");
        }
      }
      case null -> throw new IllegalArgumentException("an event needs its type");
    }
    if (event.tier() != null) {
      checkTier(event.tier());
    }
  }

  /**
   * Checks an entry of the log, which anybody may have written.
   *
   * @throws IllegalArgumentException as {@link #check(Event)}
   */
  static void check(LogEntry entry) {
    name("node", require(entry.node(), "a log entry", "node"), MAX_NAME);
    name("cluster", require(entry.cluster(), "a log entry", "cluster"), MAX_NAME);
    name("domain", require(entry.domain(), "a log entry", "domain"), MAX_NAME);
    if ((entry.epoch() == null) != (entry.sequence() == null)) {
      throw new IllegalArgumentException("a log entry has both epoch and sequence, or neither");
    }
    check(require(entry.event(), "a log entry", "event"));
  }

  private static void checkStored(Event event) {
    String stored = "a stored event";
    Namespace namespace = require(event.namespace(), stored, "namespace");
    require(event.blockHash(), stored, "block_hash");
    require(event.slice(), stored, "slice");
    require(event.tier(), stored, "tier");
    TokenSpan span = require(event.tokenSpan(), stored, "token_span");
    if (span.length() != namespace.blockTokens() || span.from() % namespace.blockTokens() != 0) {
      throw new IllegalArgumentException(
          "token_span %s is not a full, aligned block of %d tokens; only such blocks are named"
              .formatted(span, namespace.blockTokens()));
    }
    checkBlockIndex(span.from() / namespace.blockTokens());
    if (event.bytes() != null && event.bytes() < 0) {
      throw new IllegalArgumentException("bytes must not be negative");
    }
  }

  static void checkBlockIndex(int blockIndex) {
    if (blockIndex < 0 || blockIndex > Records.MAX_BLOCK_INDEX) {
      throw new IllegalArgumentException(
          "a context has at most " + (Records.MAX_BLOCK_INDEX + 1) + " blocks");
    }
  }

  static void checkTier(String tier) {
    name("tier", tier, MAX_TIER);
  }

  static void check(Source source) {
    if (source.region() != null) {
      name("region", source.region(), MAX_NAME);
    }
    name("node", source.node(), MAX_NAME);
    name("cluster", source.cluster(), MAX_NAME);
    name("domain", source.domain(), MAX_NAME);
  }

  private static void name(String what, String value, int max) {
    if (value.isBlank() || value.length() > max) {
      throw new IllegalArgumentException(what + " is 1 to " + max + " characters, not blank");
    }
  }

  private static <T> T require(@Nullable T part, String of, String what) {
    if (part == null) {
      throw new IllegalArgumentException(of + " needs " + what);
    }
    return part;
  }
}
