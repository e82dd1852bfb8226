package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.LogEntry;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the event log says, in memory.
 *
 * <p>One thread writes: {@link #apply}, {@link #end}, {@link #used}, {@link #sweep} and {@link
 * #clear} must not run at the same time. Any number of threads read at any time and never lock. A
 * reader sees every block as it was after some event; two blocks of one answer may be an event
 * apart, as they may be a moment after any answer.
 *
 * <p>A block that loses its last copy is kept, with the reason, until its room is wanted; so is one
 * that was only named as a parent. Times are kept in seconds, ends are rounded down.
 */
public final class Image {

  /** Locations by block, on average, past which blocks go. */
  static final int LOCATIONS_PER_BLOCK = 8;

  /** What became of an entry. */
  public enum Outcome {
    /** The image now says so. */
    APPLIED,
    /** The node's event was in the log before. */
    SEEN,
    /** The event belongs to an epoch of the node that is over. */
    OUTDATED
  }

  /** What became of the events of a batch; skipped are those that a limit of the image refused. */
  public record Applied(int applied, int seen, int outdated, int skipped) {}

  /** Most blocks that an image can hold. */
  public static final int MAX_BLOCKS = HashIndex.MAX_ID;

  private final Clock clock;
  private final int maxBlocks;
  private final long[] keys = new long[ChangeBatch.KEY_WORDS];
  private volatile Changes changes;

  /**
   * An empty image.
   *
   * @param maxBlocks past it blocks are forgotten, the least used first; those that are kept only
   *     to say why they are gone before all others
   * @throws IllegalArgumentException if it is less than 1 or more than {@link #MAX_BLOCKS}
   */
  public Image(int maxBlocks, Clock clock) {
    if (maxBlocks < 1 || maxBlocks > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "an image holds 1 to " + MAX_BLOCKS + " blocks, not " + maxBlocks);
    }
    this.maxBlocks = maxBlocks;
    this.clock = clock;
    this.changes = empty();
  }

  private Changes empty() {
    long maxLocations = (long) LOCATIONS_PER_BLOCK * maxBlocks;
    return new Changes(new BlockTable(maxBlocks, maxLocations, new SecureRandom()), maxLocations);
  }

  /**
   * Takes the next entry of the log in.
   *
   * @throws IllegalArgumentException if the entry says nothing that can be understood; nothing has
   *     changed then
   * @throws IllegalStateException if a limit of the image refuses what the entry tells of
   */
  public Outcome apply(LogEntry entry) {
    EventRules.check(entry);
    Source source = new Source(entry.cluster(), entry.node(), entry.domain());
    int now = now();
    if (entry.epoch() != null && entry.sequence() != null) {
      int seen = changes.admit(source, entry.epoch(), entry.sequence(), 1, now);
      if (seen != 0) {
        return seen == Changes.OUTDATED ? Outcome.OUTDATED : Outcome.SEEN;
      }
    }
    Event event = entry.event();
    switch (event.type()) {
      case STORED -> store(source, event, now);
      case REMOVED -> {
        ChangeBatch.copy(Objects.requireNonNull(event.blockHash()), keys, 0);
        changes.remove(keys, 0, source, event.slice(), event.tier(), now);
      }
      case CLEARED -> changes.end(source, Gone.Why.CLEARED, now);
    }
    return Outcome.APPLIED;
  }

  private void store(Source source, Event event, int now) {
    Namespace namespace = Objects.requireNonNull(event.namespace());
    ChangeBatch.copy(Objects.requireNonNull(event.blockHash()), keys, 0);
    if (event.parentHash() != null) {
      ChangeBatch.copy(event.parentHash(), keys, 4);
    }
    Form form =
        new Form(
            Objects.requireNonNull(event.slice()), Objects.requireNonNullElse(event.bytes(), 0L));
    Place place = changes.place(source, Objects.requireNonNull(event.tier()), now);
    changes.store(
        keys,
        0,
        event.parentHash() != null,
        changes.table.namespaces.number(namespace),
        Objects.requireNonNull(event.tokenSpan()).from() / namespace.blockTokens(),
        Changes.location(
            place,
            changes.form(form),
            Objects.requireNonNullElse(event.expiresAtMs(), Long.MAX_VALUE)),
        now);
  }

  /**
   * Takes a batch in, event by event, as its entries in the log would be.
   *
   * @throws IllegalStateException if a limit of the image refuses the batch's node or one of its
   *     namespaces; nothing has changed then
   */
  public Applied apply(ChangeBatch batch) {
    return new BatchIngest(changes, batch, now()).run();
  }

  /** Ends all that a node holds in a domain: it is lost. */
  public void end(Source source) {
    changes.end(source, Gone.Why.LOST, now());
  }

  /** Notes that a context was used that ends with this block: its blocks are kept longer. */
  public void used(BlockHash leaf) {
    ChangeBatch.copy(leaf, keys, 0);
    changes.used(keys, now());
  }

  /**
   * Makes room of what has expired or was cleared, in so many records; another call goes on from
   * there. Such copies neither match nor are named before that either.
   */
  public void sweep(int records) {
    changes.sweep(records, now());
  }

  /** Sweeps everything. */
  public void dropExpired() {
    sweep(Integer.MAX_VALUE);
  }

  /** Forgets everything. */
  public void clear() {
    changes = empty();
  }

  /**
   * The longest usable prefix at every place, node and cluster that has one, longest first.
   *
   * @param chain hashes of a prompt's leading blocks
   * @param needs slices that the reader needs; empty if any attention slice will do
   * @param blockTokens tokens per block; 0 to take it from what is stored
   * @param domain sharing domain whose copies count
   * @throws io.membrane.rpc.MembraneException if the caller's deadline passes meanwhile
   */
  public MatchResponse match(
      List<BlockHash> chain, Set<Slice> needs, int blockTokens, String domain) {
    BlockTable table = changes.table;
    Walk walk = new Walk(table, needs, domain, now()).along(chain);
    int size = blockTokens;
    if (size <= 0 && walk.namespace() >= 0) {
      size = table.namespaces.get(walk.namespace()).blockTokens();
    }
    return Answers.match(walk, chain, size);
  }

  /**
   * The places of a block in a sharing domain, with the slices that each holds, in a stable order.
   */
  public List<DirectoryClient.Place> places(BlockHash hash, String domain) {
    KnownBlock block = block(hash, domain);
    return block == null ? List.of() : Answers.places(block.copies());
  }

  /**
   * What is known of a block in a sharing domain; null if it was never there, or what was is
   * forgotten.
   */
  public @Nullable KnownBlock block(BlockHash hash, String domain) {
    return new Blocks(changes.table, now()).of(hash, domain);
  }

  /**
   * Blocks that follow one and have copies in a sharing domain, the latest first. If very many
   * follow, or they change very fast meanwhile, not all are found.
   */
  public List<BlockHash> children(BlockHash hash, int limit, String domain) {
    return new Blocks(changes.table, now()).after(hash, limit, domain);
  }

  /**
   * Visits every block of all domains that stays meanwhile, in any order; of those that come or go
   * any may be missed. Each is as it was at some moment of the visit.
   */
  public void forEach(Consumer<KnownBlock> visitor) {
    new Blocks(changes.table, now()).forEach(visitor);
  }

  /** How far a node's events in a domain have come, or null if it never sent numbered ones. */
  public @Nullable NodeProgress progress(String cluster, String node, String domain) {
    return changes.progress(new Source(cluster, node, domain));
  }

  /** Nodes that sent numbered events. */
  public int numberingNodes() {
    return changes.numbering();
  }

  /** Nodes that hold a copy of any block, counted in each sharing domain. */
  public int nodes() {
    return changes.table.places.holding();
  }

  /** Blocks with a copy, those included whose copies ended and were not swept yet. */
  public int blocks() {
    return changes.table.present();
  }

  /** Blocks that are kept to say why they are gone, or because another named them. */
  public int goneBlocks() {
    return changes.table.gone();
  }

  /** Copies of fragments at nodes that were not cleared, expired and not swept ones included. */
  public long copies() {
    return changes.table.places.live();
  }

  /** Numbered events that came before one that should have come first. */
  public long gaps() {
    return changes.gaps();
  }

  /** Blocks that went because there were too many. */
  public long forgotten() {
    return changes.forgotten();
  }

  private int now() {
    return Location.seconds(clock.millis());
  }
}
