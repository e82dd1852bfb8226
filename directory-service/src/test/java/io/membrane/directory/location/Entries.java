package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Log entries to test with. */
public final class Entries {

  public static final Slice ATTENTION = Slice.parse("attn.0-31.0of1");
  public static final Slice STATE = Slice.parse("state.0-31.0of1");
  public static final Namespace NAMESPACE = Seeds.namespace(16);

  /** Sharing domain of the entries that name none. */
  public static final String DOMAIN = "public";

  private Entries() {}

  /** So many different hashes, the same ones each time. */
  public static List<BlockHash> chain(int blocks) {
    Random random = new Random(7);
    return Stream.generate(() -> Seeds.hash(random)).limit(blocks).toList();
  }

  public static Event stored(List<BlockHash> chain, int index, Slice slice, String tier) {
    return stored(chain, index, slice, tier, null);
  }

  public static Event stored(
      List<BlockHash> chain, int index, Slice slice, String tier, @Nullable Long expiresAtMs) {
    return new Event(
        EventType.STORED,
        NAMESPACE,
        chain.get(index),
        index == 0 ? null : chain.get(index - 1),
        slice,
        4096L,
        tier,
        new TokenSpan(16 * index, 16 * index + 16),
        expiresAtMs);
  }

  public static Event removed(BlockHash hash, @Nullable Slice slice, @Nullable String tier) {
    return new Event(EventType.REMOVED, null, hash, null, slice, null, tier, null, null);
  }

  public static Event cleared() {
    return new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);
  }

  /** An entry of a store whose order is the log's. */
  public static LogEntry entry(String node, Event event) {
    return new LogEntry(node, "c1", DOMAIN, null, null, event);
  }

  /** An entry of a node that numbers its events. */
  public static LogEntry entry(String node, long epoch, long sequence, Event event) {
    return new LogEntry(node, "c1", DOMAIN, epoch, sequence, event);
  }
}
