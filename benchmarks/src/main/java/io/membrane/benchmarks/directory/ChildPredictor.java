package io.membrane.benchmarks.directory;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.coaccess.Related;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Says which blocks come after a block, from the prompts that it was shown before. */
interface ChildPredictor {

  /** At most {@code k} blocks, the likeliest first. */
  List<Integer> predict(int block, int k);

  /**
   * A prompt was used.
   *
   * @param ms since the trace began
   */
  void learn(int[] prompt, long ms);

  /** Follows the child that was used last, block after block. */
  final class LastChild implements ChildPredictor {

    private final int[] last;

    LastChild(Trace trace) {
      last = new int[trace.distinctBlocks()];
      Arrays.fill(last, -1);
    }

    @Override
    public List<Integer> predict(int block, int k) {
      List<Integer> way = new ArrayList<>();
      for (int at = last[block]; at >= 0 && way.size() < k; at = last[at]) {
        way.add(at);
      }
      return way;
    }

    @Override
    public void learn(int[] prompt, long ms) {
      for (int i = 1; i < prompt.length; i++) {
        last[prompt[i - 1]] = prompt[i];
      }
    }
  }

  /** Follows the child that was used most, of equals the first; block after block. */
  final class MostFrequentChild implements ChildPredictor {

    private final int[] most;
    private final Map<Long, Integer> counts = new HashMap<>();

    MostFrequentChild(Trace trace) {
      most = new int[trace.distinctBlocks()];
      Arrays.fill(most, -1);
    }

    @Override
    public List<Integer> predict(int block, int k) {
      List<Integer> way = new ArrayList<>();
      for (int at = most[block]; at >= 0 && way.size() < k; at = most[at]) {
        way.add(at);
      }
      return way;
    }

    @Override
    public void learn(int[] prompt, long ms) {
      for (int i = 1; i < prompt.length; i++) {
        int from = prompt[i - 1];
        int count = counts.merge(edge(from, prompt[i]), 1, Integer::sum);
        if (most[from] < 0 || count > counts.getOrDefault(edge(from, most[from]), 0)) {
          most[from] = prompt[i];
        }
      }
    }

    private static long edge(int from, int to) {
      return (long) from << 32 | to;
    }
  }

  /** What the directory does. */
  final class CoAccessed implements ChildPredictor {

    private static final String DOMAIN = "trace";

    private final BlockHash[] hashes;
    private final CoAccess coAccess;
    private long nowMs;

    CoAccessed(Trace trace, int maxEdges, Duration halfLife) {
      Random random = new Random(1);
      hashes = new BlockHash[trace.distinctBlocks()];
      for (int i = 0; i < hashes.length; i++) {
        hashes[i] = new BlockHash(random.nextLong(), random.nextLong(), random.nextLong(), i);
      }
      coAccess = new CoAccess(maxEdges, halfLife, () -> Instant.ofEpochMilli(nowMs), random);
    }

    @Override
    public List<Integer> predict(int block, int k) {
      List<Integer> next = new ArrayList<>(k);
      for (Related related : coAccess.related(DOMAIN, hashes[block], k)) {
        if (related.kind() == Related.Kind.NEXT) {
          next.add((int) related.block().w3());
        }
      }
      return next;
    }

    /** The trace names no sessions: a session is what begins with the same two blocks. */
    @Override
    public void learn(int[] prompt, long ms) {
      nowMs = ms;
      coAccess.note(
          DOMAIN,
          prompt.length > 1 ? Integer.toString(prompt[1]) : null,
          Arrays.stream(prompt).mapToObj(block -> hashes[block]).toList());
    }

    CoAccess graph() {
      return coAccess;
    }
  }
}
