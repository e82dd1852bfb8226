package io.membrane.scheduler.simulation.station;

import java.util.Arrays;

/**
 * What is going to happen, in order of time; at one moment in the order in which it was scheduled.
 * A binary heap of primitives. An event is a long:
 *
 * <pre>
 *  63          32 31  29 28           0
 * +--------------+------+--------------+
 * |   sequence   | kind |   subject    |
 * +--------------+------+--------------+
 * </pre>
 *
 * Not thread-safe.
 */
public final class EventQueue {

  /** Highest subject of an event. */
  public static final int MAX_SUBJECT = (1 << 29) - 1;

  /** What happens. */
  public enum Kind {
    /** The instance {@code subject} ends its prefill. */
    PREFILL_ENDS(0),
    /** The request {@code subject} has decoded its last token. */
    DECODE_ENDS(1),
    /** The link {@code subject} changes. */
    LINK_CHANGES(2);

    private final long bits;

    Kind(long code) {
      this.bits = code << KIND_SHIFT;
    }
  }

  private static final int KIND_SHIFT = 29;

  private double[] times = new double[64];
  private long[] events = new long[64];
  private int size;
  private long sequence;

  /** Something happens at this time, in seconds. */
  public void schedule(double at, Kind kind, int subject) {
    if (size == times.length) {
      times = Arrays.copyOf(times, size * 2);
      events = Arrays.copyOf(events, size * 2);
    }
    long event = sequence++ << 32 | kind.bits | subject;
    int i = size++;
    while (i > 0 && at < times[(i - 1) / 2]) {
      times[i] = times[(i - 1) / 2];
      events[i] = events[(i - 1) / 2];
      i = (i - 1) / 2;
    }
    times[i] = at;
    events[i] = event;
  }

  /** When the next event happens; infinite if none does. */
  public double nextTime() {
    return size == 0 ? Double.POSITIVE_INFINITY : times[0];
  }

  /** Takes the next event out. */
  public long take() {
    long taken = events[0];
    size--;
    double time = times[size];
    long event = events[size];
    int i = 0;
    while (2 * i + 1 < size) {
      int child = 2 * i + 1;
      if (child + 1 < size && isBefore(times[child + 1], events[child + 1], child)) {
        child++;
      }
      if (!isBefore(times[child], events[child], time, event)) {
        break;
      }
      times[i] = times[child];
      events[i] = events[child];
      i = child;
    }
    times[i] = time;
    events[i] = event;
    return taken;
  }

  private boolean isBefore(double time, long event, int index) {
    return isBefore(time, event, times[index], events[index]);
  }

  private static boolean isBefore(double t1, long e1, double t2, long e2) {
    return t1 < t2 || (t1 == t2 && e1 < e2);
  }

  /** Events that are still to happen. */
  public int size() {
    return size;
  }

  /** What happens in an event. */
  public static Kind kind(long event) {
    return switch ((int) (event >>> KIND_SHIFT) & 7) {
      case 0 -> Kind.PREFILL_ENDS;
      case 1 -> Kind.DECODE_ENDS;
      default -> Kind.LINK_CHANGES;
    };
  }

  /** To what it happens. */
  public static int subject(long event) {
    return (int) event & MAX_SUBJECT;
  }
}
