package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MatchResponse;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the event log says, in memory.
 *
 * <p>One thread writes: {@link #apply(LogEntry)}, {@link #used}, {@link #sweep}, {@link #clear},
 * {@link #beginAgain}, {@link #complete}, {@link #adopt}, {@link #list} and what a {@link Listing}
 * or a {@link #decoder} does must not run at the same time. Any number of threads read at any time
 * and never lock. A reader sees every block as it was after some event; two blocks of one answer
 * may be an event apart, as they may be a moment after any answer.
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

  /**
   * What became of the events of a batch.
   *
   * @param skipped those that a limit of the image refused
   * @param refusal why the first of these was; null if there are none
   */
  public record Applied(
      int applied, int seen, int outdated, int skipped, @Nullable IllegalStateException refusal) {}

  /** Most blocks that an image can hold. */
  public static final int MAX_BLOCKS = HashIndex.MAX_ID;

  private final Clock clock;
  private final int maxBlocks;
  private final AtomicLong gaps = new AtomicLong();
  private final AtomicLong forgotten = new AtomicLong();
  private final long[] keys = new long[ChangeBatch.KEY_WORDS];
  private @Nullable Listing listing;
  private volatile Changes changes;
  private volatile Predicate<String> isStale = region -> false;

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
    this.clock = clock;
    this.maxBlocks = maxBlocks;
    this.changes = empty();
  }

  private Changes empty() {
    long maxLocations = (long) LOCATIONS_PER_BLOCK * maxBlocks;
    BlockTable table = new BlockTable(maxBlocks, maxLocations, new SecureRandom());
    return new Changes(table, maxLocations, gaps, forgotten);
  }

  /** From now on places of the regions for which this holds are called stale in answers. */
  public void staleWhen(Predicate<String> isStale) {
    this.isStale = isStale;
  }

  /**
   * Takes the next entry of the log in.
   *
   * @throws IllegalArgumentException if the entry says nothing that can be understood; nothing has
   *     changed then
   * @throws IllegalStateException if a limit of the image refuses what the entry tells of
   */
  public Outcome apply(LogEntry entry) {
    return apply(null, entry);
  }

  /**
   * As {@link #apply(LogEntry)}, of another region's log.
   *
   * @param region null for this one
   */
  public Outcome apply(@Nullable String region, LogEntry entry) {
    EventRules.check(entry);
    Source source = new Source(region, entry.cluster(), entry.node(), entry.domain());
    int now = now();
    if (entry.epoch() != null && entry.sequence() != null) {
      int seen = changes.admit(source, entry.epoch(), entry.sequence(), 1, now);
      if (seen != 0) {
        return seen == Changes.OUTDATED ? Outcome.OUTDATED : Outcome.SEEN;
      }
    }
    Event event = entry.event();
    switch (event.type()) {
      case STORED -> {
        Place place = changes.place(source, Objects.requireNonNull(event.tier()), now);
        new EventIngest(changes, event, now).store(place, false);
      }
      case REMOVED -> new EventIngest(changes, event, now).remove(place -> place.isOf(source));
      case CLEARED -> changes.end(source, entry.sequence(), now);
    }
    return Outcome.APPLIED;
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

  /** Ends all that is known of this region, and forgets the numbers of its nodes. */
  public void clear() {
    if (listing != null) {
      listing.drop();
    }
    changes.endLocal(now());
    sweep(Integer.MAX_VALUE);
  }

  /**
   * All of a region is told again: what comes is kept beside what was known, which ends with {@link
   * #complete}.
   */
  public void beginAgain(String region) {
    changes.beginAgain(region);
  }

  /** All of a region was told again: what was known of it before ends, at once. */
  public void complete(String region) {
    changes.complete(region, now());
  }

  /**
   * Begins to list anew what stores of this region hold, beside what is known of them; what was
   * listed before without an end is dropped. For the writer.
   */
  public Listing list() {
    if (listing != null) {
      listing.drop();
    }
    listing = new Listing(changes, clock);
    return listing;
  }

  /**
   * Takes over how far a source has come, without an event of it.
   *
   * @throws IllegalArgumentException if a name of the source is blank or too long
   * @throws IllegalStateException for a source too many
   */
  public void adopt(Source source, NodeProgress reached) {
    EventRules.check(source);
    changes.adopt(source, reached);
  }

  /** How far the sources of this region that number their events have come. */
  public Map<Source, NodeProgress> localProgress() {
    return changes.localProgress();
  }

  /**
   * Its blocks as bytes, for a snapshot. The writer begins it; one other thread may read it to its
   * end while the writer goes on. What it says of a block is what the block was at some moment
   * since. An image that is made of it, and takes in all entries of the log since then, is this one
   * but for uses, the order of children, and what had to go for want of room.
   */
  public BlockEncoder encoder() {
    return new BlockEncoder(changes.table, now());
  }

  /** Puts what an {@link #encoder} said into the place of what is here, once it is finished. */
  public BlockDecoder decoder() {
    Changes fresh = empty();
    return new BlockDecoder(fresh, now(), () -> changes = fresh);
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
    return Answers.match(walk, chain, size, isStale);
  }

  /**
   * The places of a block in a sharing domain, with the slices that each holds, in a stable order,
   * those of this region first.
   */
  public List<DirectoryClient.Place> places(BlockHash hash, String domain) {
    KnownBlock block = block(hash, domain);
    return block == null ? List.of() : Answers.places(block.copies(), isStale);
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
   * The context that ends with a block: those of its blocks that have copies in a sharing domain,
   * first to last. The way back ends at a block that is forgotten; in a chain that changes
   * meanwhile it may end earlier.
   */
  public List<BlockHash> context(BlockHash last, String domain) {
    return new Blocks(changes.table, now()).upTo(last, domain);
  }

  /** How many leading blocks of a chain have a copy in a sharing domain, anywhere. */
  public int leading(List<BlockHash> chain, String domain) {
    return new Blocks(changes.table, now()).leading(chain, domain);
  }

  /** Every namespace that any domain told of, the one told of last first. */
  public List<Namespace> namespaces() {
    return changes.table.namespaces.values().reversed();
  }

  /**
   * Visits every block of all domains that stays meanwhile, in any order; of those that come or go
   * any may be missed. Each is as it was at some moment of the visit.
   */
  public void forEach(Consumer<KnownBlock> visitor) {
    new Blocks(changes.table, now()).forEach(visitor);
  }

  /** Whether the region of a source has not been heard of lately; never this one. */
  public boolean isStale(Source source) {
    return source.region() != null && isStale.test(source.region());
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

  /** Numbered events so far that came before one that should have come first. */
  public long gaps() {
    return gaps.getAcquire();
  }

  /** Blocks so far that went because there were too many. */
  public long forgotten() {
    return forgotten.getAcquire();
  }

  private int now() {
    return Location.seconds(clock.millis());
  }
}
