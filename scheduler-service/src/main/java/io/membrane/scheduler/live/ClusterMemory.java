package io.membrane.scheduler.live;

import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.CongestionControl.Cause;
import io.membrane.scheduler.control.RegimeSwitch;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a cluster, as it stands in Redis.
 *
 * @param receivedAt when the last telemetry came, by the scheduler's clock
 * @param share f of the congestion control
 * @param pressure of the last sample; null if it told nothing
 * @param regimeSince since when the headroom asks for the other regime
 * @param window the last {@value #WINDOW} samples, oldest first
 */
record ClusterMemory(
    Role role,
    Telemetry last,
    Instant receivedAt,
    double share,
    @Nullable Double pressure,
    Cause cause,
    Regime regime,
    @Nullable Instant regimeSince,
    List<Sample> window) {

  static final int WINDOW = 120;

  ClusterMemory {
    window = List.copyOf(window);
  }

  /** One sample of the window; null is what was not measured. */
  record Sample(
      long atMs,
      @Nullable Double egressGbps,
      @Nullable Double queueDepth,
      @Nullable Double utilisation,
      @Nullable Double decodeQueueDepth,
      @Nullable Double decodeUtilisation,
      double share) {}

  static ClusterMemory of(
      @Nullable ClusterMemory before,
      Role role,
      Telemetry told,
      Instant at,
      CongestionControl.State congestion,
      RegimeSwitch.State regime) {
    List<Sample> window = new ArrayList<>(before == null ? List.of() : before.window);
    window.add(
        new Sample(
            at.toEpochMilli(),
            told.egressGbps(),
            told.queueDepth(),
            told.utilisation(),
            told.decodeQueueDepth(),
            told.decodeUtilisation(),
            congestion.share()));
    return new ClusterMemory(
        role,
        told,
        at,
        congestion.share(),
        Double.isNaN(congestion.pressure()) ? null : congestion.pressure(),
        congestion.cause(),
        regime.regime(),
        regime.since(),
        window.subList(Math.max(0, window.size() - WINDOW), window.size()));
  }

  CongestionControl.State congestion() {
    return new CongestionControl.State(
        share, pressure == null ? Double.NaN : pressure, cause, receivedAt);
  }

  RegimeSwitch.State regimeState() {
    return new RegimeSwitch.State(regime, regimeSince, receivedAt);
  }
}
