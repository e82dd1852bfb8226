package io.membrane.scheduler.simulation;

import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import org.jspecify.annotations.Nullable;

/**
 * Which of the scheduler's controllers work in a run, and how.
 *
 * @param prices whether the routing policy knows speeds and prices, and so weighs waits and
 *     transfers; otherwise length alone decides
 * @param usdPerSecond what a second of time to first token is worth
 * @param congestion null to leave the threshold as it is under congestion
 * @param regime null to hold bandwidth scarce for ever, so that no cache crosses
 * @param roles null to leave threshold and roles as they were planned
 * @param rolePeriodSeconds how often the long-term control steps, 1 to 86,400
 */
public record Controls(
    boolean prices,
    double usdPerSecond,
    @Nullable CongestionSettings congestion,
    @Nullable RegimeSettings regime,
    @Nullable RoleSettings roles,
    double rolePeriodSeconds) {

  /** What a second is worth where nothing else is said. OURS. */
  private static final double USD_PER_SECOND = 0.01;

  private static final double ROLE_PERIOD_SECONDS = 60;

  /** Nothing adapts itself. */
  public static final Controls OFF = new Controls(false, 0, null, null, null, ROLE_PERIOD_SECONDS);

  /** Everything works as it does by default. */
  public static final Controls DEFAULT =
      new Controls(
          true,
          USD_PER_SECOND,
          CongestionSettings.DEFAULT,
          RegimeSettings.DEFAULT,
          RoleSettings.DEFAULT,
          ROLE_PERIOD_SECONDS);

  /** Refuses a negative value of a second, and a period out of bounds. */
  public Controls {
    if (!(usdPerSecond >= 0) || !Double.isFinite(usdPerSecond)) {
      throw new IllegalArgumentException(
          "a second is worth a finite price of at least 0 USD, not " + usdPerSecond);
    }
    if (!(rolePeriodSeconds >= 1) || !(rolePeriodSeconds <= 86_400)) {
      throw new IllegalArgumentException(
          "the long-term control steps every 1 to 86400 s, not every " + rolePeriodSeconds);
    }
  }
}
