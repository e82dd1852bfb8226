package io.membrane.scheduler.live;

import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.wire.SchedulerClient.Regime;
import org.jspecify.annotations.Nullable;

/**
 * How the running fleet is judged.
 *
 * @param fixedRegime of every link; null to judge each by its headroom
 */
public record LiveSettings(
    CongestionSettings congestion,
    RegimeSettings regime,
    RoleSettings roles,
    @Nullable Regime fixedRegime) {

  Regime firstRegime() {
    return fixedRegime == null ? Regime.SCARCE : fixedRegime;
  }
}
