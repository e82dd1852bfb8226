package io.membrane.scheduler.simulation;

import io.membrane.scheduler.routing.Availability;
import io.membrane.wire.SchedulerClient.Regime;
import java.util.Arrays;

/** What the controllers have made of the telemetry, by prefill cluster. Not thread-safe. */
final class Conditions {

  private final int[] effective;
  private final Regime[] regimes;
  private final boolean[] gone;
  private int threshold;

  Conditions(int clusters, int thresholdTokens) {
    this.effective = new int[clusters];
    this.regimes = new Regime[clusters];
    this.gone = new boolean[clusters];
    this.threshold = thresholdTokens;
    Arrays.fill(effective, thresholdTokens);
    Arrays.fill(regimes, Regime.SCARCE);
  }

  void set(int cluster, int effectiveThreshold, Regime regime, boolean isGone) {
    effective[cluster] = effectiveThreshold;
    regimes[cluster] = regime;
    gone[cluster] = isGone;
  }

  /** The long-term control has found another threshold. */
  void threshold(int tokens) {
    threshold = tokens;
  }

  int threshold() {
    return threshold;
  }

  int effectiveThreshold(int cluster) {
    return effective[cluster];
  }

  Regime regime(int cluster) {
    return regimes[cluster];
  }

  Availability availability(int cluster) {
    return gone[cluster] ? Availability.GONE : Availability.UP;
  }

  String availabilityReason(int cluster) {
    return gone[cluster] ? "its telemetry has stopped" : "";
  }
}
