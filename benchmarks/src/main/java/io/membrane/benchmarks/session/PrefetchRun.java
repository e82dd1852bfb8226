package io.membrane.benchmarks.session;

import io.membrane.benchmarks.eviction.BlockCache;
import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.coaccess.Related;
import io.membrane.reconstruction.session.Session;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionKey;
import io.membrane.reconstruction.session.SessionLimits;
import io.membrane.reconstruction.session.Turn;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/**
 * One replay: a memory tier of limited size over a store that keeps all, with blocks fetched ahead
 * as {@link Ahead} says. A block of a prompt's stored beginning is read: from memory, or moved
 * there from the store. What is new is put, which moves nothing from the store. What is fetched
 * ahead is there before it is read.
 */
final class PrefetchRun {

  /**
   * What is fetched ahead.
   *
   * @param label what it is called in the table
   * @param onTurn the last prompt of a session whose turn begins
   * @param leastProbability the last prompt of a session that goes on as likely as this at least,
   *     at the earliest time expected; above 1: never
   * @param related as many blocks that co-access names after the last of those, too
   */
  record Ahead(String label, boolean onTurn, double leastProbability, int related) {}

  private static final String TENANT = "trace";
  private static final Namespace NAMESPACE = new Namespace("any", "any", "any", Trace.BLOCK_TOKENS);
  private static final SessionLimits LIMITS =
      new SessionLimits(100_000, 32, 1_000_000, Duration.ofHours(1));

  private final Trace trace;
  private final DerivedSessions sessions;
  private final BlockCache cache;
  private final Ahead ahead;
  private final BlockHash[] hashes;
  private final SessionHistory history;
  private final CoAccess coAccess;
  private final BitSet stored = new BitSet();
  private final BitSet fetched = new BitSet();
  private long nowMs;
  private long reads;
  private long hits;
  private long movedOnRead;
  private long movedAhead;
  private long useful;

  PrefetchRun(Trace trace, DerivedSessions sessions, BlockCache cache, Ahead ahead) {
    this.trace = trace;
    this.sessions = sessions;
    this.cache = cache;
    this.ahead = ahead;
    Random random = new Random(1);
    this.hashes = new BlockHash[trace.distinctBlocks()];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = new BlockHash(random.nextLong(), random.nextLong(), random.nextLong(), i);
    }
    InstantSource now = () -> Instant.ofEpochMilli(nowMs);
    this.history =
        new SessionHistory(LIMITS, ahead.leastProbability(), now.withZone(ZoneOffset.UTC));
    this.coAccess = new CoAccess(1_000_000, Duration.ofMinutes(30), now, random);
  }

  /**
   * What came of it, in blocks.
   *
   * @param reads of stored blocks, wherever they were
   * @param hits in memory
   * @param movedOnRead from the store, when they were read
   * @param movedAhead from the store, ahead
   * @param useful of those, read from memory afterwards
   */
  record Result(long reads, long hits, long movedOnRead, long movedAhead, long useful) {}

  Result play() {
    for (int r = 0; r < trace.requests(); r++) {
      nowMs = (long) (1000 * trace.seconds(r));
      if (ahead.leastProbability() <= 1) {
        history.due().forEach(this::fetchAhead);
      }
      SessionKey key = new SessionKey(TENANT, Integer.toString(sessions.of(r)));
      if (ahead.onTurn()) {
        fetchAhead(key);
      }
      serve(r, key);
    }
    return new Result(reads, hits, movedOnRead, movedAhead, useful);
  }

  private void fetchAhead(SessionKey key) {
    Session session = history.find(key);
    if (session == null || session.chain().isEmpty()) {
      return;
    }
    List<BlockHash> chain = new ArrayList<>(session.chain());
    if (ahead.related() > 0) {
      for (Related next : coAccess.related(TENANT, chain.getLast(), ahead.related())) {
        chain.add(next.block());
      }
    }
    for (BlockHash hash : chain) {
      int block = (int) hash.w3();
      if (cache.holds(block)) {
        cache.hit(block);
      } else {
        movedAhead++;
        cache.insert(block);
        fetched.set(block);
      }
    }
  }

  private void serve(int request, SessionKey key) {
    int blocks = trace.blocks(request);
    int leading = 0;
    while (leading < blocks && stored.get(trace.block(request, leading))) {
      leading++;
    }
    read(request, leading);
    List<BlockHash> chain = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      stored.set(trace.block(request, i));
      chain.add(hashes[trace.block(request, i)]);
    }
    if (ahead.related() > 0) {
      coAccess.note(TENANT, key.id(), chain);
    }
    int full = Math.min(blocks, trace.inputTokens(request) / Trace.BLOCK_TOKENS);
    int reused = Math.min(full, leading) * Trace.BLOCK_TOKENS;
    int total = trace.inputTokens(request);
    history.note(
        key, new Turn(nowMs, total, reused, total - reused, 0), NAMESPACE, chain.subList(0, full));
  }

  /** What was held is touched from its tail, what was not is offered from its head. */
  private void read(int request, int leading) {
    int blocks = trace.blocks(request);
    BitSet held = new BitSet();
    for (int i = 0; i < blocks; i++) {
      held.set(i, cache.holds(trace.block(request, i)));
    }
    for (int i = blocks - 1; i >= 0; i--) {
      if (held.get(i)) {
        cache.hit(trace.block(request, i));
      }
    }
    for (int i = 0; i < blocks; i++) {
      int block = trace.block(request, i);
      if (!held.get(i)) {
        cache.insert(block);
      }
      if (i < leading) {
        count(block, held.get(i));
      }
      fetched.clear(block);
    }
  }

  private void count(int block, boolean held) {
    reads++;
    if (held) {
      hits++;
      useful += fetched.get(block) ? 1 : 0;
    } else {
      movedOnRead++;
    }
  }
}
