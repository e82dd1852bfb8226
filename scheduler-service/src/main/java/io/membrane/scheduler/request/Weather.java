package io.membrane.scheduler.request;

import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.request.SimulationRequest.Control;
import io.membrane.scheduler.request.SimulationRequest.Down;
import io.membrane.scheduler.request.SimulationRequest.LinkWeather;
import io.membrane.scheduler.request.SimulationRequest.Losing;
import io.membrane.scheduler.request.SimulationRequest.Varying;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.scheduler.simulation.Controls;
import io.membrane.scheduler.simulation.link.Fluctuation;
import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.link.Loss;
import io.membrane.scheduler.simulation.link.Outage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How links behave in a simulation, and what adapts itself to that. */
final class Weather {

  private static final double DEFAULT_PERIOD_SECONDS = 10;
  private static final double DEFAULT_CORRELATION = 0.5;
  private static final int MAX_OUTAGES = 1000;
  private static final double MAX_SECONDS = 1e9;

  private Weather() {}

  static LinkBehaviour of(@Nullable LinkWeather given) {
    if (given == null) {
      return LinkBehaviour.IDEAL;
    }
    Place place = Place.ROOT.field("link");
    return new LinkBehaviour(
        fluctuation(place.field("fluctuation"), given.fluctuation()),
        loss(place.field("loss"), given.loss()),
        outages(place.field("outages"), given.outages()));
  }

  /** Everything that is not switched off, as it works by default. */
  static Controls controls(@Nullable Control given) {
    if (given == null) {
      return Controls.DEFAULT;
    }
    Controls all = Controls.DEFAULT;
    RoutingSettings routing = routing(Place.ROOT.field("control"), given);
    return new Controls(
        isOn(given.costs()) ? routing : null,
        isOn(given.congestion()) ? CongestionSettings.DEFAULT : null,
        isOn(given.regime()) ? RegimeSettings.DEFAULT : null,
        isOn(given.roles()) ? RoleSettings.DEFAULT : null,
        all.rolePeriodSeconds());
  }

  private static RoutingSettings routing(Place place, Control given) {
    RoutingSettings all = RoutingSettings.DEFAULT;
    return new RoutingSettings(
        given.usdPerSecond() == null
            ? all.usdPerSecond()
            : place
                .field("usd_per_second")
                .number(given.usdPerSecond(), 0, 1e6, "write what a second is worth, USD"),
        given.maxWaitS() == null ? all.maxWait() : maxWait(place, given.maxWaitS()));
  }

  private static Duration maxWait(Place place, double given) {
    double seconds = place.field("max_wait_s").number(given, 0.001, 1e7, "write seconds");
    return Duration.ofMillis((long) (seconds * 1000));
  }

  private static boolean isOn(@Nullable Boolean given) {
    return given == null || given;
  }

  private static Fluctuation fluctuation(Place place, @Nullable Varying given) {
    if (given == null) {
      return Fluctuation.NONE;
    }
    double cv = place.field("cv").number(given.cv(), 0, 2, "write deviation over mean");
    double period =
        given.periodS() == null
            ? DEFAULT_PERIOD_SECONDS
            : place.field("period_s").number(given.periodS(), 0.1, 1e6, "write seconds");
    double correlation =
        given.correlation() == null
            ? DEFAULT_CORRELATION
            : place.field("correlation").number(given.correlation(), 0, 0.999, "write 0 to 0.999");
    return place.build(() -> new Fluctuation(cv, period, correlation));
  }

  private static Loss loss(Place place, @Nullable Losing given) {
    if (given == null) {
      return Loss.NONE;
    }
    boolean states =
        given.goodRate() != null
            || given.badRate() != null
            || given.goodS() != null
            || given.badS() != null;
    if (states == (given.rate() != null)) {
      throw place.impossible("write either rate, or good_rate, bad_rate, good_s and bad_s");
    }
    if (given.rate() != null) {
      return new Loss.Constant(share(place.field("rate"), given.rate()));
    }
    return new Loss.GilbertElliott(
        share(place.field("good_rate"), given.goodRate()),
        share(place.field("bad_rate"), given.badRate()),
        place.field("good_s").number(given.goodS(), 0.01, 1e7, "write mean seconds"),
        place.field("bad_s").number(given.badS(), 0.01, 1e7, "write mean seconds"));
  }

  private static double share(Place place, @Nullable Double given) {
    return place.number(given, 0, 0.95, "write the share that is lost");
  }

  private static List<Outage> outages(Place place, @Nullable List<@Nullable Down> given) {
    List<Outage> outages = new ArrayList<>();
    for (int i = 0; given != null && i < given.size(); i++) {
      Place at = place.index(i);
      if (i == MAX_OUTAGES) {
        throw place.impossible("at most %d outages are taken".formatted(MAX_OUTAGES));
      }
      Down down = at.required(given.get(i), "write an outage");
      double from = at.field("from_s").number(down.fromS(), 0, MAX_SECONDS, "write its begin");
      double to = at.field("to_s").number(down.toS(), 0, MAX_SECONDS, "write its end");
      outages.add(at.build(() -> new Outage(down.cluster(), from, to)));
    }
    return outages;
  }
}
