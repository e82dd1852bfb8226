package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.Match;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.LogEntry;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the event log says, in memory.
 *
 * <p>One thread writes: {@link #apply}, {@link #clear} and {@link #dropExpired} must not run at the
 * same time. Any number of threads read at any time and never lock. Each block is replaced as a
 * whole, so a reader sees every block as it was after some event; two blocks of one answer may be
 * an event apart, as they may be a moment after any answer.
 */
public final class Image {

  /** What became of an entry. */
  public enum Outcome {
    /** The image now says so. */
    APPLIED,
    /** The node's event was in the log before. */
    SEEN,
    /** The event belongs to an epoch of the node that is over. */
    OUTDATED
  }

  private static final Comparator<Match> LONGEST_FIRST =
      Comparator.comparingInt(Match::matchedBlocks)
          .reversed()
          .thenComparing(Match::cluster)
          .thenComparing(Match::node)
          .thenComparing(Match::tier);

  private final Clock clock;
  private final BlockTable blocks;
  private final Map<NodeName, NodeProgress> progress = new ConcurrentHashMap<>();

  /**
   * An empty image.
   *
   * @param maxBlocks past it the least recently stored blocks are forgotten
   */
  public Image(int maxBlocks, Clock clock) {
    this.blocks = new BlockTable(maxBlocks);
    this.clock = clock;
  }

  /**
   * Takes the next entry of the log in.
   *
   * @throws IllegalArgumentException if the entry says nothing that can be understood; nothing has
   *     changed then
   */
  public Outcome apply(LogEntry entry) {
    EventRules.check(entry);
    NodeName name = NodeName.of(entry);
    if (entry.epoch() != null && entry.sequence() != null) {
      NodeProgress known = progress.get(name);
      if (known != null && entry.epoch() < known.epoch()) {
        return Outcome.OUTDATED;
      }
      if (known != null && entry.epoch() == known.epoch()) {
        if (entry.sequence() < known.nextSequence()) {
          return Outcome.SEEN;
        }
      } else {
        blocks.removeNode(name);
      }
      progress.put(name, new NodeProgress(entry.epoch(), entry.sequence() + 1));
    }
    Event event = entry.event();
    switch (event.type()) {
      case STORED -> blocks.store(entry);
      case REMOVED -> blocks.remove(Objects.requireNonNull(event.blockHash()), isRemovedBy(entry));
      case CLEARED -> blocks.removeNode(name);
    }
    return Outcome.APPLIED;
  }

  /** Forgets everything. */
  public void clear() {
    blocks.clear();
    progress.clear();
  }

  /** Makes room of what has expired; expired copies do not match before that either. */
  public void dropExpired() {
    long now = clock.millis();
    blocks.removeIf(copy -> !copy.isThere(now));
  }

  /**
   * The longest usable prefix at every place that has one, longest first.
   *
   * @param chain hashes of a prompt's leading blocks
   * @param needs slices that the reader needs; empty if any attention slice will do
   * @param blockTokens tokens per block; 0 to take it from what is stored
   * @throws io.membrane.rpc.MembraneException if the caller's deadline passes meanwhile
   */
  public MatchResponse match(List<BlockHash> chain, Set<Slice> needs, int blockTokens) {
    Map<Place, Integer> runs = new LongestRuns(needs, clock.millis()).of(chain, blocks::get);
    int size = blockTokens > 0 || runs.isEmpty() ? blockTokens : storedBlockTokens(chain);
    List<Match> matches =
        runs.entrySet().stream()
            .map(run -> {
              Place p = run.getKey();
              int tokens = (int) Math.min(Integer.MAX_VALUE, (long) run.getValue() * size);
              return new Match(
                  p.node().cluster(), p.node().node(), p.tier(), run.getValue(), tokens);
            })
            .sorted(LONGEST_FIRST)
            .toList();
    return new MatchResponse(
        size, chain.size(), chain, matches, matches.isEmpty() ? null : matches.getFirst());
  }

  /** The places of a block with the slices that each holds, in a stable order. */
  public List<DirectoryClient.Place> places(BlockHash hash) {
    Block block = blocks.get(hash);
    if (block == null) {
      return List.of();
    }
    long now = clock.millis();
    Map<Place, Set<Slice>> slices = new TreeMap<>();
    for (Copy copy : block.copies()) {
      if (copy.isThere(now)) {
        slices
            .computeIfAbsent(
                copy.place(), p -> new TreeSet<>(Comparator.comparing(Slice::toString)))
            .add(copy.slice());
      }
    }
    return slices.entrySet().stream()
        .map(e -> {
          Place p = e.getKey();
          return new DirectoryClient.Place(
              p.node().cluster(), p.node().node(), p.tier(), List.copyOf(e.getValue()));
        })
        .toList();
  }

  /** How far a node's events have come, or null if it never sent numbered events. */
  public @Nullable NodeProgress progress(String cluster, String node) {
    return progress.get(new NodeName(cluster, node));
  }

  /** Nodes that sent numbered events. */
  public int numberingNodes() {
    return progress.size();
  }

  /** Nodes that hold a copy of any block. */
  public int nodes() {
    return blocks.nodes();
  }

  /** Blocks in the image, expired ones that were not dropped yet included. */
  public int blocks() {
    return blocks.size();
  }

  /** Copies of fragments in the image, counted like {@link #blocks}. */
  public long copies() {
    return blocks.copies();
  }

  private int storedBlockTokens(List<BlockHash> chain) {
    for (BlockHash hash : chain) {
      Block block = blocks.get(hash);
      if (block != null) {
        return block.namespace().blockTokens();
      }
    }
    return 0;
  }

  private static Predicate<Copy> isRemovedBy(LogEntry entry) {
    NodeName name = NodeName.of(entry);
    Event event = entry.event();
    return copy ->
        copy.place().node().equals(name)
            && (event.slice() == null || event.slice().equals(copy.slice()))
            && (event.tier() == null || event.tier().equals(copy.place().tier()));
  }
}
