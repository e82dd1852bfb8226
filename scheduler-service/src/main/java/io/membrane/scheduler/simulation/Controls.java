package io.membrane.scheduler.simulation;

import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.routing.RoutingSettings;
import org.jspecify.annotations.Nullable;

/**
 * Which of the scheduler's controllers work in a run, and how.
 *
 * @param costs null to hide speeds and prices from the routing policy, so that length alone decides
 * @param congestion null to leave the threshold as it is under congestion
 * @param regime null to hold bandwidth scarce for ever, so that no cache crosses
 * @param roles null to leave threshold and roles as they were planned
 * @param rolePeriodSeconds how often the long-term control steps, 1 to 86,400
 */
public record Controls(
    @Nullable RoutingSettings costs,
    @Nullable CongestionSettings congestion,
    @Nullable RegimeSettings regime,
    @Nullable RoleSettings roles,
    double rolePeriodSeconds) {

  private static final double ROLE_PERIOD_SECONDS = 60;

  /** Nothing adapts itself. */
  public static final Controls OFF = new Controls(null, null, null, null, ROLE_PERIOD_SECONDS);

  /** Everything works as it does by default. */
  public static final Controls DEFAULT =
      new Controls(
          RoutingSettings.DEFAULT,
          CongestionSettings.DEFAULT,
          RegimeSettings.DEFAULT,
          RoleSettings.DEFAULT,
          ROLE_PERIOD_SECONDS);

  /** Refuses a period out of bounds. */
  public Controls {
    if (!(rolePeriodSeconds >= 1) || !(rolePeriodSeconds <= 86_400)) {
      throw new IllegalArgumentException(
          "the long-term control steps every 1 to 86400 s, not every " + rolePeriodSeconds);
    }
  }
}
