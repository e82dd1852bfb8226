package io.membrane.scheduler.simulation.station;

/**
 * What is going to happen, in order of time; at one moment in the order in which it was scheduled.
 * An event is a long, so that the earlier one is also the smaller:
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

  private final TimeHeap heap = new TimeHeap();
  private long sequence;

  /** Something happens at this time, in seconds. */
  public void schedule(double at, Kind kind, int subject) {
    heap.add(at, sequence++ << 32 | kind.bits | subject);
  }

  /** When the next event happens; infinite if none does. */
  public double nextTime() {
    return heap.firstTime();
  }

  /** Takes the next event out. */
  public long take() {
    return heap.take();
  }

  /** Events that are still to happen. */
  public int size() {
    return heap.size();
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
