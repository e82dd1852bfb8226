package io.membrane.scheduler.live;

import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.RegimeSwitch;

/** What a running fleet is judged by, exchanged as a whole. */
record FleetRules(
    FleetDescription description,
    LiveSettings settings,
    CongestionControl congestion,
    RegimeSwitch regimes,
    Judge judge) {

  static FleetRules of(FleetDescription description, LiveSettings settings, MeasuredSpeeds speeds) {
    CongestionControl congestion = new CongestionControl(settings.congestion());
    return new FleetRules(
        description,
        settings,
        congestion,
        new RegimeSwitch(settings.regime()),
        new Judge(description, speeds, settings, congestion));
  }
}
