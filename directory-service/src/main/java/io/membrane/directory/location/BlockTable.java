package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Blocks by hash, bounded. One writer; {@link #get} and the counts may be called by any thread.
 *
 * <p>Two limits hold memory: so many blocks, and {@value #COPIES_PER_BLOCK} times as many copies.
 * Past either the least recently stored blocks go first.
 */
final class BlockTable {

  static final int COPIES_PER_BLOCK = 8;

  private final int maxBlocks;
  private final long maxCopies;
  private final ConcurrentMap<BlockHash, Block> blocks = new ConcurrentHashMap<>();
  private final LinkedHashSet<BlockHash> leastRecentlyStoredFirst = new LinkedHashSet<>();
  private final Map<NodeName, Set<BlockHash>> hashesByNode = new ConcurrentHashMap<>();
  private final Shared<Place> places = new Shared<>();
  private final Shared<Slice> slices = new Shared<>();
  private final Shared<Namespace> namespaces = new Shared<>();
  private volatile long copies;

  BlockTable(int maxBlocks) {
    this.maxBlocks = maxBlocks;
    this.maxCopies = (long) COPIES_PER_BLOCK * maxBlocks;
  }

  @Nullable Block get(BlockHash hash) {
    return blocks.get(hash);
  }

  int size() {
    return blocks.size();
  }

  long copies() {
    return copies;
  }

  int nodes() {
    return hashesByNode.size();
  }

  /** Takes in a checked {@code stored} event; what it says of the block itself replaces the old. */
  void store(LogEntry entry) {
    Event event = entry.event();
    BlockHash hash = Objects.requireNonNull(event.blockHash());
    Copy copy =
        new Copy(
            places.one(new Place(NodeName.of(entry), Objects.requireNonNull(event.tier()))),
            slices.one(Objects.requireNonNull(event.slice())),
            Objects.requireNonNullElse(event.bytes(), 0L),
            Objects.requireNonNullElse(event.expiresAtMs(), Copy.NEVER));
    Block known = blocks.get(hash);
    replace(
        hash,
        known,
        new Block(
            namespaces.one(Objects.requireNonNull(event.namespace())),
            event.parentHash(),
            Objects.requireNonNull(event.tokenSpan()),
            known == null ? List.of(copy) : known.copiesWith(copy)));
    leastRecentlyStoredFirst.remove(hash);
    leastRecentlyStoredFirst.add(hash);
    while (leastRecentlyStoredFirst.size() > maxBlocks || copies > maxCopies) {
      BlockHash oldest = leastRecentlyStoredFirst.getFirst();
      replace(oldest, blocks.get(oldest), null);
    }
  }

  /** Takes the copies of a block that are {@code gone} away. */
  void remove(BlockHash hash, Predicate<Copy> gone) {
    Block known = blocks.get(hash);
    if (known != null) {
      replace(hash, known, known.without(gone));
    }
  }

  /** Takes the copies that are {@code gone} away from every block; looks at all of them. */
  void removeIf(Predicate<Copy> gone) {
    for (BlockHash hash : blocks.keySet()) {
      remove(hash, gone);
    }
  }

  /** Takes every copy of a node away; looks at its own blocks only. */
  void removeNode(NodeName node) {
    for (BlockHash hash : List.copyOf(hashesByNode.getOrDefault(node, Set.of()))) {
      remove(hash, copy -> copy.place().node().equals(node));
    }
  }

  void clear() {
    blocks.clear();
    leastRecentlyStoredFirst.clear();
    hashesByNode.clear();
    copies = 0;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private void replace(BlockHash hash, @Nullable Block before, @Nullable Block after) {
    List<Copy> was = before == null ? List.of() : before.copies();
    List<Copy> is = after == null ? List.of() : after.copies();
    copies += is.size() - was.size();
    Set<NodeName> holders = new HashSet<>();
    for (Copy copy : is) {
      if (holders.add(copy.place().node())) {
        hashesByNode.computeIfAbsent(copy.place().node(), n -> new HashSet<>()).add(hash);
      }
    }
    for (Copy copy : was) {
      if (!holders.contains(copy.place().node())) {
        hashesByNode.computeIfPresent(
            copy.place().node(),
            (node, hashes) -> {
              hashes.remove(hash);
              return hashes.isEmpty() ? null : hashes;
            });
      }
    }
    if (after == null) {
      blocks.remove(hash);
      leastRecentlyStoredFirst.remove(hash);
    } else {
      blocks.put(hash, after);
    }
  }
}
