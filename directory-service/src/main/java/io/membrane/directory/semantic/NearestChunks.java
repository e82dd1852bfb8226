package io.membrane.directory.semantic;

import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The semantic index: nearest chunks by the cosine of their embeddings, within one namespace and
 * sharing domain, so that no other tenant's chunk is even looked at. What it finds is similar, not
 * equal: bytes of it must never pass for those that were asked for.
 *
 * <p>Bounded: past either limit the least recently used embeddings are forgotten; a use is a put or
 * being found. Thread-safe; searches run beside each other and beside changes.
 */
public final class NearestChunks {

  /** Most that one search finds. */
  public static final int MAX_K = 100;

  private record Name(Namespace namespace, String domain) {}

  private record Chunk(Name shelf, BlockHash block) {}

  private final int maxVectors;
  private final long maxBytes;
  private final Map<Name, Shelf> shelves = new ConcurrentHashMap<>();
  private final ReentrantLock changing = new ReentrantLock();
  private final Map<Chunk, Integer> leastRecentlyUsedFirst = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * An empty index.
   *
   * @param maxVectors most embeddings, over all namespaces and domains
   * @param maxBytes most bytes of embeddings, 4 for each dimension; what the graph needs beside
   *     them is about 200 bytes each
   */
  public NearestChunks(int maxVectors, long maxBytes) {
    this.maxVectors = maxVectors;
    this.maxBytes = maxBytes;
  }

  /**
   * Remembers what a block means, in the place of what was remembered.
   *
   * @param embedding any length but 0; all of a namespace and domain have the same dimensions
   * @throws IllegalArgumentException if it has other dimensions than those before it, or no
   *     direction
   */
  public void put(Namespace namespace, String domain, BlockHash block, float[] embedding) {
    VectorFloat<?> direction = Embeddings.direction(embedding);
    Name name = new Name(namespace, domain);
    changing.lock();
    try {
      Shelf shelf = shelves.computeIfAbsent(name, n -> new Shelf(embedding.length));
      requireDimensions(shelf, embedding);
      shelf.put(block, direction);
      int size = embedding.length * Float.BYTES;
      Integer before = leastRecentlyUsedFirst.put(new Chunk(name, block), size);
      bytes += before == null ? size : 0;
      while (leastRecentlyUsedFirst.size() > maxVectors || bytes > maxBytes) {
        Iterator<Chunk> eldest = leastRecentlyUsedFirst.keySet().iterator();
        forget(eldest.next());
      }
    } finally {
      changing.unlock();
    }
  }

  /**
   * Whether {@link #put} would take an embedding now.
   *
   * @throws IllegalArgumentException if it would not
   */
  public void check(Namespace namespace, String domain, float[] embedding) {
    Embeddings.direction(embedding);
    Shelf shelf = shelves.get(new Name(namespace, domain));
    if (shelf != null) {
      requireDimensions(shelf, embedding);
    }
  }

  /** Forgets a block of a domain, in every namespace. */
  public void remove(String domain, BlockHash block) {
    changing.lock();
    try {
      for (Name name : List.copyOf(shelves.keySet())) {
        if (name.domain().equals(domain)) {
          forget(new Chunk(name, block));
        }
      }
    } finally {
      changing.unlock();
    }
  }

  /**
   * The chunks whose embeddings point nearest to where this one does.
   *
   * @param k most to find, 1 to {@value #MAX_K}
   * @return nearest first; exact while a namespace and domain have few embeddings, else nearly all
   *     of the nearest
   * @throws IllegalArgumentException if {@code embedding} cannot be compared with those there
   */
  public List<Near> nearest(Namespace namespace, String domain, float[] embedding, int k) {
    if (k < 1 || k > MAX_K) {
      throw new IllegalArgumentException("k is 1 to " + MAX_K + ", not " + k);
    }
    VectorFloat<?> direction = Embeddings.direction(embedding);
    Name name = new Name(namespace, domain);
    Shelf shelf = shelves.get(name);
    if (shelf == null) {
      return List.of();
    }
    requireDimensions(shelf, embedding);
    List<Near> nearest = shelf.nearest(direction, k);
    changing.lock();
    try {
      nearest.forEach(near -> leastRecentlyUsedFirst.get(new Chunk(name, near.block())));
    } finally {
      changing.unlock();
    }
    return nearest;
  }

  /** Embeddings that are remembered. */
  public int size() {
    changing.lock();
    try {
      return leastRecentlyUsedFirst.size();
    } finally {
      changing.unlock();
    }
  }

  private void forget(Chunk chunk) {
    Integer size = leastRecentlyUsedFirst.remove(chunk);
    Shelf shelf = shelves.get(chunk.shelf());
    if (size == null || shelf == null) {
      return;
    }
    bytes -= size;
    shelf.remove(chunk.block());
    if (shelf.size() == 0) {
      shelves.remove(chunk.shelf());
    }
  }

  private static void requireDimensions(Shelf shelf, float[] embedding) {
    if (shelf.dimensions() != embedding.length) {
      throw new IllegalArgumentException(
          "the embeddings of this namespace have %d dimensions, not %d"
              .formatted(shelf.dimensions(), embedding.length));
    }
  }
}
