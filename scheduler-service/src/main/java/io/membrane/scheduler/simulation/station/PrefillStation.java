package io.membrane.scheduler.simulation.station;

import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Pool;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The instances of one cluster that prefill, and the one queue before them. The first prompt that
 * waits goes to the fastest kind of instance that is idle. With batching an instance takes, beside
 * that prompt, those behind it while all together stay within so many tokens, and computes them as
 * one prompt of that length. Not thread-safe.
 */
public final class PrefillStation {

  /** Length at which kinds of instances are compared. */
  private static final double TYPICAL_TOKENS = 16_384;

  private final Requests requests;
  private final EventQueue events;
  private final LengthCurve[] seconds;
  private final int[] byFastest;
  private final InstanceStack[] idle;
  private final int[] leaving;
  private final int batchTokens;

  private final Waiting waiting;

  /** Instances that compute. */
  public final Level busy = new Level();

  /** Instances that are there. */
  public final Level servers = new Level();

  /** Prompts that wait. */
  public final Level queue = new Level();

  /** The kind and the first row of the running batch, by instance. */
  private final int[] kindOf;

  private final int[] batch;

  /**
   * A station that no instance has joined yet.
   *
   * @param kinds of instances
   * @param instances of the whole fleet
   * @param batchTokens of one computation, if it takes more than one prompt; 0 for one by one
   */
  public PrefillStation(
      Requests requests, EventQueue events, List<Pool> kinds, int instances, int batchTokens) {
    this.requests = requests;
    this.events = events;
    this.batchTokens = batchTokens;
    this.waiting = new Waiting(requests);
    this.seconds = kinds.stream().map(k -> k.type().prefillSeconds()).toArray(LengthCurve[]::new);
    this.byFastest =
        IntStream.range(0, seconds.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer k) -> seconds[k].at(TYPICAL_TOKENS)))
            .mapToInt(Integer::intValue)
            .toArray();
    this.idle = new InstanceStack[seconds.length];
    for (int k = 0; k < idle.length; k++) {
      idle[k] = new InstanceStack();
    }
    this.leaving = new int[seconds.length];
    this.kindOf = new int[instances];
    this.batch = new int[instances];
  }

  /** An idle instance begins to prefill here. */
  public void join(double now, int instance, int kind) {
    kindOf[instance] = kind;
    servers.add(now, 1);
    idle[kind].push(instance);
    start(now);
  }

  /**
   * An instance of this kind stops to prefill here as soon as one is idle.
   *
   * @return the instance if one is idle now, otherwise {@link Requests#NONE}: then {@link #end}
   *     gives one
   */
  int leave(double now, int kind) {
    if (idle[kind].isEmpty()) {
      leaving[kind]++;
      return Requests.NONE;
    }
    servers.add(now, -1);
    return idle[kind].pop();
  }

  /** A prompt arrives. */
  public void enter(double now, int row) {
    waiting.add(row);
    start(now);
  }

  /** The first row of the batch that this instance has computed; the others are chained to it. */
  public int batch(int instance) {
    return batch[instance];
  }

  /** An instance has ended its batch; true if it leaves the station. */
  public boolean end(double now, int instance) {
    int kind = kindOf[instance];
    busy.add(now, -1);
    if (leaving[kind] > 0) {
      leaving[kind]--;
      servers.add(now, -1);
      return true;
    }
    idle[kind].push(instance);
    start(now);
    return false;
  }

  private void start(double now) {
    startAll(now);
    queue.set(now, waiting.size());
  }

  private void startAll(double now) {
    while (!waiting.isEmpty()) {
      int kind = idleKind();
      if (kind == Requests.NONE) {
        return;
      }
      int instance = idle[kind].pop();
      int first = waiting.take();
      int last = first;
      long tokens = requests.uncachedTokens[first];
      while (!waiting.isEmpty()
          && tokens + requests.uncachedTokens[waiting.first()] <= batchTokens) {
        int row = waiting.take();
        requests.next[last] = row;
        last = row;
        tokens += requests.uncachedTokens[row];
      }
      batch[instance] = first;
      busy.add(now, 1);
      events.schedule(
          now + seconds[kind].at((double) tokens), EventQueue.Kind.PREFILL_ENDS, instance);
    }
  }

  /** How long a prompt that comes now waits for an instance, about. */
  public double waitSeconds() {
    int n = waiting.size();
    if (n == 0 || servers.value() == 0) {
      return 0;
    }
    return n * seconds[byFastest[0]].at(waiting.tokens() / (double) n) / servers.value();
  }

  private int idleKind() {
    for (int kind : byFastest) {
      if (!idle[kind].isEmpty()) {
        return kind;
      }
    }
    return Requests.NONE;
  }
}
