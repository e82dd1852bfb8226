package io.membrane.directory.semantic;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks are of the same tokens, wherever they stand in a context: by chunk hash, within one
 * namespace and sharing domain. Their bytes differ all the same, since KV depends on what comes
 * before. Bounded: past the limit the blocks that were described longest ago are forgotten.
 * Thread-safe.
 */
public final class SameChunks {

  /** Most blocks that one search finds, the latest described. */
  public static final int MAX_FOUND = 1000;

  private record Chunk(Namespace namespace, String domain, BlockHash hash) {}

  private record Block(Namespace namespace, String domain, BlockHash hash) {}

  private final int maxBlocks;
  private final Map<Block, Chunk> leastRecentlyDescribedFirst = new LinkedHashMap<>();
  private final Map<Chunk, LinkedHashSet<BlockHash>> blocks = new HashMap<>();

  /**
   * An empty index.
   *
   * @param maxBlocks most blocks, over all namespaces and domains
   */
  public SameChunks(int maxBlocks) {
    this.maxBlocks = maxBlocks;
  }

  /** Remembers the chunk of a block, in the place of what was remembered. */
  public synchronized void put(
      Namespace namespace, String domain, BlockHash block, BlockHash chunk) {
    Block described = new Block(namespace, domain, block);
    forget(described, leastRecentlyDescribedFirst.remove(described));
    Chunk of = new Chunk(namespace, domain, chunk);
    leastRecentlyDescribedFirst.put(described, of);
    blocks.computeIfAbsent(of, c -> new LinkedHashSet<>()).add(block);
    if (leastRecentlyDescribedFirst.size() > maxBlocks) {
      Iterator<Map.Entry<Block, Chunk>> oldest = leastRecentlyDescribedFirst.entrySet().iterator();
      Map.Entry<Block, Chunk> first = oldest.next();
      oldest.remove();
      forget(first.getKey(), first.getValue());
    }
  }

  private void forget(Block block, @Nullable Chunk chunk) {
    LinkedHashSet<BlockHash> same = chunk == null ? null : blocks.get(chunk);
    if (same != null) {
      same.remove(block.hash());
      if (same.isEmpty()) {
        blocks.remove(chunk);
      }
    }
  }

  /** The blocks of a chunk, the latest described first; at most {@value #MAX_FOUND}. */
  public synchronized List<BlockHash> of(Namespace namespace, String domain, BlockHash chunk) {
    LinkedHashSet<BlockHash> same = blocks.get(new Chunk(namespace, domain, chunk));
    return same == null
        ? List.of()
        : new ArrayList<>(same.reversed()).subList(0, Math.min(same.size(), MAX_FOUND));
  }

  /** Blocks that are remembered. */
  public synchronized int size() {
    return leastRecentlyDescribedFirst.size();
  }
}
