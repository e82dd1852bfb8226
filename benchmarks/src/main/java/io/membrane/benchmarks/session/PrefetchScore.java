package io.membrane.benchmarks.session;

import io.membrane.benchmarks.eviction.BlockCache;
import io.membrane.benchmarks.eviction.Clairvoyant;
import io.membrane.benchmarks.eviction.Load;
import io.membrane.benchmarks.eviction.LruCache;
import io.membrane.benchmarks.eviction.MembraneCache;
import io.membrane.benchmarks.session.PrefetchRun.Ahead;
import io.membrane.benchmarks.session.PrefetchRun.Result;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.DoubleStream;
import java.util.zip.GZIPInputStream;

/**
 * What fetching ahead does to a memory tier of limited size: hits in memory, and blocks moved there
 * from the store, for the conversation trace. Sessions are those of {@link DerivedSessions}.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.session.PrefetchScore \
 *   scheduler-service/src/test/resources/traces/conversation_trace.jsonl.gz
 * </pre>
 */
public final class PrefetchScore {

  private static final double[] SHARES = {0.01, 0.05, 0.10, 0.25, 0.50};
  private static final double NEVER = 2;

  private static final List<Ahead> ALL =
      List.of(
          new Ahead("nothing", false, NEVER, 0),
          new Ahead("on the turn", true, NEVER, 0),
          new Ahead("on the turn, 16 related", true, NEVER, 16),
          new Ahead("expected, any", false, 0, 0),
          new Ahead("expected, probability 0.3", false, 0.3, 0),
          new Ahead("expected, probability 0.5", false, 0.5, 0),
          new Ahead("expected, probability 0.6", false, 0.6, 0),
          new Ahead("expected, probability 0.5, and on the turn", true, 0.5, 0));

  private PrefetchScore() {}

  /** Reads the trace that is named. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("name a trace (.jsonl or .jsonl.gz)");
    }
    Trace trace = read(Path.of(args[0]));
    DerivedSessions sessions = new DerivedSessions(trace);
    System.out.printf(
        Locale.ROOT,
        "%,d requests of %,d sessions; of %,d that continue one %,d are as long as its last prompt"
            + " and answer together%n",
        trace.requests(),
        sessions.count(),
        trace.requests() - sessions.count(),
        sessions.longer());
    Load load = Load.uniform(trace);
    table("Membrane", trace, sessions, load, MembraneCache::new);
    table("LRU", trace, sessions, load, LruCache::new);
    belady(trace, load);
  }

  private static Trace read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return TraceReader.read(plain);
    }
  }

  private static long capacity(Load load, double share) {
    return Math.max(1, (long) (load.footprint() * share));
  }

  private static void table(
      String policy,
      Trace trace,
      DerivedSessions sessions,
      Load load,
      BiFunction<Load, Long, BlockCache> tier) {
    System.out.printf("%n%s: hits %% / moved, thousands (ahead, useful %%)%n%n| |", policy);
    DoubleStream.of(SHARES).forEach(share -> System.out.printf(" %.0f %% |", 100 * share));
    System.out.print("\n|---|" + "---|".repeat(SHARES.length) + "\n");
    for (Ahead ahead : ALL) {
      System.out.print("| " + ahead.label() + " |");
      for (double share : SHARES) {
        BlockCache cache = tier.apply(load, capacity(load, share));
        cell(new PrefetchRun(trace, sessions, cache, ahead).play());
      }
      System.out.println();
    }
  }

  private static void cell(Result result) {
    System.out.printf(
        Locale.ROOT,
        " %.1f / %.1f",
        100.0 * result.hits() / result.reads(),
        (result.movedOnRead() + result.movedAhead()) / 1000.0);
    if (result.movedAhead() > 0) {
      System.out.printf(
          Locale.ROOT,
          " (%.1f, %.0f)",
          result.movedAhead() / 1000.0,
          100.0 * result.useful() / result.movedAhead());
    }
    System.out.print(" |");
  }

  /** Who knows the future and fetches nothing ahead; fetching ahead, all are hits for the same. */
  private static void belady(Trace trace, Load load) {
    double reusable = Clairvoyant.hitRatio(load, load.footprint());
    System.out.print("\n| Belady's MIN |");
    for (double share : SHARES) {
      double hits = Clairvoyant.hitRatio(load, capacity(load, share));
      System.out.printf(
          Locale.ROOT,
          " %.1f / %.1f |",
          100 * hits / reusable,
          (reusable - hits) * trace.blockReferences() / 1000);
    }
    System.out.println();
  }
}
