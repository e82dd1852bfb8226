package io.membrane.worker.provider;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The blocks of one tenant that a provider is taken to have cached. Not thread-safe. */
final class WarmNode {

  /** Nobody can fetch it; what matters is that it is blockwise KV. */
  private static final Slice SLICE = Slice.attention(1);

  static final String TIER = "provider";

  private record Warm(@Nullable BlockHash parent, int index, long endMs) {}

  private final Namespace namespace;
  private final Map<BlockHash, Warm> blocks = new LinkedHashMap<>();

  WarmNode(Namespace namespace) {
    this.namespace = namespace;
  }

  int size() {
    return blocks.size();
  }

  /** Takes leading blocks for cached until {@code endMs}; what is new of that. */
  List<Event> renew(List<BlockHash> chain, long endMs) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < chain.size(); i++) {
      Warm warm = new Warm(i == 0 ? null : chain.get(i - 1), i, endMs);
      Warm before = blocks.get(chain.get(i));
      if (before == null || before.endMs() < endMs) {
        blocks.put(chain.get(i), warm);
        events.add(stored(chain.get(i), warm));
      }
    }
    return events;
  }

  /** Takes all others for gone. */
  List<Event> keepOnly(Set<BlockHash> kept) {
    List<Event> events = new ArrayList<>();
    blocks
        .keySet()
        .removeIf(hash -> {
          boolean goes = !kept.contains(hash);
          if (goes) {
            events.add(
                new Event(EventType.REMOVED, null, hash, null, SLICE, null, TIER, null, null));
          }
          return goes;
        });
    return events;
  }

  /** Drops what has ended; the directory does so by itself. */
  void expire(long nowMs) {
    blocks.values().removeIf(warm -> warm.endMs() <= nowMs);
  }

  /** All of it, for a directory that is to begin anew. */
  List<Event> anew() {
    List<Event> events = new ArrayList<>();
    events.add(new Event(EventType.CLEARED, null, null, null, null, null, null, null, null));
    blocks.forEach((hash, warm) -> events.add(stored(hash, warm)));
    return events;
  }

  private Event stored(BlockHash hash, Warm warm) {
    int from = warm.index() * namespace.blockTokens();
    return new Event(
        EventType.STORED,
        namespace,
        hash,
        warm.parent(),
        SLICE,
        0L,
        TIER,
        new TokenSpan(from, from + namespace.blockTokens()),
        warm.endMs());
  }
}
