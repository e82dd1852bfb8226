package io.membrane.scheduler.simulation.link;

import io.membrane.scheduler.simulation.station.TimeHeap;

/**
 * A link whose transfers share its rate equally (processor sharing). With n transfers and a goodput
 * g every one of them moves g/n, so the virtual time V = ∫ g/n dt is what each has moved since V
 * was 0; a transfer of x gigabits that starts at V₀ ends when V reaches V₀ + x. Whatever happens to
 * g and n, the order of ends stays that of V₀ + x, which a heap keeps: a start or an end costs
 * O(log n), a change of the rate O(1) (A. Demers, S. Keshav and S. Shenker, "Analysis and
 * simulation of a fair queueing algorithm", SIGCOMM 1989). Lost bits are sent again: goodput = rate
 * · (1 − loss). Times are seconds and must not go back. Not thread-safe.
 */
public final class SharedLink {

  private final double gbps;
  private double rateFactor = 1;
  private double loss;

  private double now;
  private double moved;

  /** Ids of the transfers under way, by the virtual time at which they end. */
  private final TimeHeap ends = new TimeHeap();

  private double sentGigabits;
  private double lostGigabits;
  private double offeredGigabits;
  private double transferSeconds;

  /** An idle link of this rate. */
  public SharedLink(double gbps) {
    this.gbps = gbps;
  }

  /** A transfer begins. */
  public void start(double at, int id, double gigabits) {
    advance(at);
    if (ends.size() == 0) {
      moved = 0;
    }
    ends.add(moved + gigabits, id);
  }

  /** When the next transfer ends if nothing changes; infinite if none does. */
  public double nextEnd() {
    double goodput = goodputGbps();
    if (ends.size() == 0 || goodput == 0) {
      return Double.POSITIVE_INFINITY;
    }
    return now + Math.max(0, ends.firstTime() - moved) * ends.size() / goodput;
  }

  /** Ends the transfer that is due at this moment, {@link #nextEnd()}, and returns its id. */
  public int end(double at) {
    advance(at);
    moved = ends.firstTime();
    return (int) ends.take();
  }

  /**
   * From now on the link is like this.
   *
   * @param factor rate over the rate that was ordered; 0 in an outage
   * @param lossRate share of what is sent that is lost, below 1
   */
  public void change(double at, double factor, double lossRate) {
    advance(at);
    rateFactor = factor;
    loss = lossRate;
  }

  /** Brings the counters up to this moment. */
  public void advance(double at) {
    double seconds = at - now;
    now = at;
    double gigabits = seconds * gbps * rateFactor;
    offeredGigabits += gigabits;
    int transfers = ends.size();
    if (transfers > 0) {
      transferSeconds += seconds * transfers;
      sentGigabits += gigabits;
      lostGigabits += gigabits * loss;
      moved += gigabits * (1 - loss) / transfers;
    }
  }

  /** What all transfers together move now, lost bits left out, Gbps. */
  public double goodputGbps() {
    return gbps * rateFactor * (1 - loss);
  }

  /** Rate that was ordered, Gbps. */
  public double gbps() {
    return gbps;
  }

  /** Transfers under way. */
  public int transfers() {
    return ends.size();
  }

  /** Gigabits put on the wire up to now, those that were lost too. */
  public double sentGigabits() {
    return sentGigabits;
  }

  /** Gigabits lost up to now, and so sent again. */
  public double lostGigabits() {
    return lostGigabits;
  }

  /** Gigabits that the link could have sent up to now. */
  public double offeredGigabits() {
    return offeredGigabits;
  }

  /** ∫ transfers dt up to now. */
  public double transferSeconds() {
    return transferSeconds;
  }
}
