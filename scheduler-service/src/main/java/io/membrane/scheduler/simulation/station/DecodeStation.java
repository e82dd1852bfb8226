package io.membrane.scheduler.simulation.station;

import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.Pool;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The instances of the PD cluster that decode, and the one queue before them. A request holds one
 * of an instance's BS_max places for T_decode · L_out: the step of a full batch, as in equation
 * (5), even while the batch is not full. Not thread-safe.
 */
public final class DecodeStation {

  private final Requests requests;
  private final EventQueue events;
  private final @Nullable Decode[] kinds;
  private final int[] byFastest;

  /** Instances of a kind that may have a free place; one that drains is dropped when met. */
  private final InstanceStack[] open;

  private final int[] kindOf;
  private final int[] active;
  private final boolean[] stacked;
  private final boolean[] accepting;

  private final Waiting waiting;

  /** Places that are taken. */
  public final Level busy = new Level();

  /** Places that are there. */
  public final Level places = new Level();

  /** Requests that wait. */
  public final Level queue = new Level();

  /**
   * A station that no instance has joined yet.
   *
   * @param instances of the whole fleet
   */
  public DecodeStation(Requests requests, EventQueue events, List<Pool> pools, int instances) {
    this.requests = requests;
    this.events = events;
    this.waiting = new Waiting(requests);
    this.kinds = pools.stream().map(p -> p.type().decode()).toArray(Decode[]::new);
    this.byFastest =
        IntStream.range(0, kinds.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer k) -> stepSeconds(kinds[k])))
            .mapToInt(Integer::intValue)
            .toArray();
    this.open = new InstanceStack[kinds.length];
    for (int k = 0; k < open.length; k++) {
      open[k] = new InstanceStack();
    }
    this.kindOf = new int[instances];
    this.active = new int[instances];
    this.stacked = new boolean[instances];
    this.accepting = new boolean[instances];
    Arrays.fill(kindOf, Requests.NONE);
  }

  private static double stepSeconds(@Nullable Decode decode) {
    return decode == null ? Double.POSITIVE_INFINITY : decode.stepSeconds();
  }

  private Decode decode(int kind) {
    Decode decode = kinds[kind];
    if (decode == null) {
      throw new IllegalStateException("an instance without a decode profile decodes");
    }
    return decode;
  }

  /** An instance begins to decode. */
  void join(double now, int instance, int kind) {
    kindOf[instance] = kind;
    accepting[instance] = true;
    places.add(now, decode(kind).maxBatch());
    open(instance);
    start(now);
  }

  /**
   * The least busy instance of this kind takes no more requests.
   *
   * @return the instance, which is empty when {@link #isEmpty} says so
   */
  int drain(double now, int kind) {
    int chosen = Requests.NONE;
    for (int i = 0; i < kindOf.length; i++) {
      if (kindOf[i] == kind
          && accepting[i]
          && (chosen == Requests.NONE || active[i] < active[chosen])) {
        chosen = i;
      }
    }
    if (chosen != Requests.NONE) {
      accepting[chosen] = false;
      places.add(now, -decode(kind).maxBatch());
    }
    return chosen;
  }

  boolean isEmpty(int instance) {
    return active[instance] == 0;
  }

  /** A drained and empty instance leaves. */
  void leave(int instance) {
    kindOf[instance] = Requests.NONE;
  }

  /** A request has its first token. */
  public void enter(double now, int row) {
    waiting.add(row);
    start(now);
  }

  /** A request has its last token. */
  public void end(double now, int row) {
    int instance = requests.instance[row];
    active[instance]--;
    busy.add(now, -1);
    if (accepting[instance]) {
      open(instance);
    }
    start(now);
  }

  private void open(int instance) {
    if (!stacked[instance]) {
      stacked[instance] = true;
      open[kindOf[instance]].push(instance);
    }
  }

  private void start(double now) {
    startAll(now);
    queue.set(now, waiting.size());
  }

  private void startAll(double now) {
    while (!waiting.isEmpty()) {
      int instance = openInstance();
      if (instance == Requests.NONE) {
        return;
      }
      int row = waiting.take();
      busy.add(now, 1);
      active[instance]++;
      requests.instance[row] = instance;
      requests.placed[row] = now;
      double step = decode(kindOf[instance]).stepSeconds();
      events.schedule(now + step * requests.outputTokens[row], EventQueue.Kind.DECODE_ENDS, row);
    }
  }

  private int openInstance() {
    for (int kind : byFastest) {
      while (!open[kind].isEmpty()) {
        int instance = open[kind].top();
        if (kindOf[instance] == kind
            && accepting[instance]
            && active[instance] < decode(kind).maxBatch()) {
          return instance;
        }
        stacked[instance] = false;
        open[kind].pop();
      }
    }
    return Requests.NONE;
  }
}
