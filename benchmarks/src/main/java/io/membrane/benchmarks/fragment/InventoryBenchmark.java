package io.membrane.benchmarks.fragment;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fragment.inventory.Difference;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.fragment.inventory.Reconciliation;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * Two inventories compared in one process, without a network: rounds, bytes both ways, processor
 * time of both sides together (one thread does all, and others do not count): for the first time,
 * when every digest has to be computed, and the median of five more. Of the keys that differ a
 * third is only here, a third only there, and a third has another digest there. Beside it what
 * sending every key with its digest would take.
 *
 * <pre>
 * java -Xmx2g -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.InventoryBenchmark
 * </pre>
 */
public final class InventoryBenchmark {

  private static final int[] SIZES = {10_000, 100_000, 1_000_000};
  private static final double[] SHARES = {0, 0.0001, 0.001, 0.01, 1};
  private static final int ANSWER_BYTES = 1 << 20;
  private static final int KEY_AND_DIGEST_BYTES = 76;
  private static final int TURNS = 5;
  private static final int SHOWN_ROUNDS = 4;

  private InventoryBenchmark() {}

  /** Prints one line for each size and share. */
  public static void main(String[] args) {
    compare(100_000, 0.01, false);
    System.out.printf(
        Locale.ROOT,
        "%9s %8s %11s %6s %11s %8s %10s %10s  %s%n",
        "keys",
        "differ",
        "told",
        "rounds",
        "bytes",
        "of all",
        "first ms",
        "median ms",
        "bytes of the first rounds");
    for (int size : SIZES) {
      adding(size);
      for (double share : SHARES) {
        compare(size, share, true);
      }
    }
  }

  private static void compare(int size, double share, boolean print) {
    RandomGenerator random = new Random(size);
    Inventory here = new Inventory();
    Inventory there = new Inventory();
    for (int i = 0; i < size; i++) {
      FragmentKey key = key(random);
      ContentDigest digest = digest(random);
      int kind = random.nextDouble() < share ? random.nextInt(3) : -1;
      if (kind != 1) {
        here.add(key, digest);
      }
      if (kind != 0) {
        there.add(key, kind == 2 ? digest(random) : digest);
      }
    }
    Run first = run(here, there);
    double[] times = new double[TURNS];
    for (int turn = 0; turn < TURNS; turn++) {
      times[turn] = run(here, there).milliseconds();
    }
    Arrays.sort(times);
    if (print) {
      long bytes = first.rounds().stream().mapToLong(Long::longValue).sum();
      System.out.printf(
          Locale.ROOT,
          "%9d %7s%% %11d %6d %11d %7.2f%% %10.1f %10.1f  %s%n",
          size,
          share * 100,
          first.told(),
          first.rounds().size(),
          bytes,
          100.0 * bytes / (KEY_AND_DIGEST_BYTES * (double) there.size()),
          first.milliseconds(),
          times[TURNS / 2],
          first.rounds().subList(0, Math.min(SHOWN_ROUNDS, first.rounds().size())));
    }
  }

  private static Run run(Inventory here, Inventory there) {
    List<Difference> told = new ArrayList<>();
    List<Long> rounds = new ArrayList<>();
    long start = cpuNanos();
    Reconciliation reconciliation =
        new Reconciliation(here, ANSWER_BYTES, Integer.MAX_VALUE, new Random(start), told::add);
    for (var q = reconciliation.question(); q.isPresent(); q = reconciliation.question()) {
      byte[] answer = there.answer(q.get());
      rounds.add((long) q.get().length + answer.length);
      reconciliation.answer(answer);
    }
    return new Run(told.size(), rounds, (cpuNanos() - start) / 1e6);
  }

  private static void adding(int size) {
    RandomGenerator random = new Random(1);
    Inventory inventory = new Inventory();
    long start = cpuNanos();
    for (int i = 0; i < size; i++) {
      inventory.add(key(random), digest(random));
    }
    double microseconds = (cpuNanos() - start) / 1e3 / size;
    System.out.printf(
        Locale.ROOT, "%9d keys: %.2f µs to add one%n", inventory.size(), microseconds);
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static FragmentKey key(RandomGenerator random) {
    return new FragmentKey(hash(random), Slice.attention(32));
  }

  private static ContentDigest digest(RandomGenerator random) {
    return new ContentDigest(hash(random).hex());
  }

  private static BlockHash hash(RandomGenerator random) {
    return new BlockHash(
        random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
  }

  private record Run(int told, List<Long> rounds, double milliseconds) {}
}
