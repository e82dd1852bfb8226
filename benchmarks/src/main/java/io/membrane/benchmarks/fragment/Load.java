package io.membrane.benchmarks.fragment;

import io.membrane.benchmarks.fragment.Side.Caller;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** The connections of one side, a platform thread for each. Rounds come one after another. */
final class Load implements Closeable {

  private final Side side;
  private final List<Caller> callers = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  Load(Side side, int connections) throws IOException {
    this.side = side;
    for (int i = 0; i < connections; i++) {
      callers.add(side.opening().open(i));
    }
  }

  Side side() {
    return side;
  }

  /**
   * Every connection makes its next call as soon as the last is answered.
   *
   * @param maxBytes payload after which the round ends before its time
   */
  Sample closed(Duration duration, long maxBytes) throws IOException {
    AtomicLong budget = new AtomicLong(maxBytes);
    return round((caller, index, start, tally) -> {
      long end = start + duration.toNanos();
      long now = System.nanoTime();
      while (now < end && budget.get() > 0) {
        long bytes = caller.call().make();
        budget.addAndGet(-bytes);
        long answered = System.nanoTime();
        tally.add(bytes, answered - now);
        now = answered;
      }
    });
  }

  /**
   * Calls fall due at a fixed rate, evenly, one connection after the other. A latency counts from
   * the time at which the call was due, whether the connection was free or not.
   */
  Sample open(Duration duration, double callsPerSecond) throws IOException {
    double interval = 1e9 / callsPerSecond;
    return round((caller, index, start, tally) -> {
      long end = start + duration.toNanos();
      for (long k = index; ; k += callers.size()) {
        long due = start + (long) (k * interval);
        if (due >= end) {
          return;
        }
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
          LockSupport.parkNanos(wait);
        }
        tally.add(caller.call().make(), System.nanoTime() - due);
      }
    });
  }

  private interface Turn {
    void run(Caller caller, int index, long start, Tally tally) throws IOException;
  }

  private static final class Tally {
    private final Histogram latencies = Sample.histogram();
    private long bytes;

    void add(long more, long nanos) {
      bytes += more;
      latencies.recordValue(Math.min(nanos / 1000, latencies.getHighestTrackableValue()));
    }
  }

  private Sample round(Turn turn) throws IOException {
    side.before().run();
    List<Callable<Tally>> turns = new ArrayList<>();
    CpuTime cpu = CpuTime.of(side.processes());
    long start = System.nanoTime();
    for (int i = 0; i < callers.size(); i++) {
      int index = i;
      turns.add(() -> {
        Tally tally = new Tally();
        turn.run(callers.get(index), index, start, tally);
        return tally;
      });
    }
    Histogram latencies = Sample.histogram();
    long bytes = 0;
    try {
      for (Future<Tally> done : threads.invokeAll(turns)) {
        latencies.add(done.get().latencies);
        bytes += done.get().bytes;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException(side.name() + ": " + e.getCause(), e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Sample(
        latencies.getTotalCount(),
        bytes,
        seconds,
        latencies,
        CpuTime.of(side.processes()).since(cpu));
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    for (Caller caller : callers) {
      caller.close();
    }
  }
}
