package io.membrane.scheduler.planning;

import io.membrane.scheduler.planning.Plan.Cost;
import io.membrane.scheduler.planning.Plan.HourCost;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Prices of a fleet. */
final class Money {

  static final double MILLION = 1e6;
  private static final double SECONDS_PER_HOUR = 3600;
  private static final int HOURS = 24;

  private Money() {}

  /** Of a million requests, at any rate. */
  static double egressUsdPerMillion(Fleet fleet, Configuration at) {
    double instances = fleet.usdPerHour() / SECONDS_PER_HOUR / at.sustainedRps();
    return Math.max(0, at.usdPerRequest() - instances) * MILLION;
  }

  /** Of a million requests that arrive at a rate the fleet sustains. */
  static double usdPerMillion(Fleet fleet, Configuration at, double arrivalRps) {
    return millionAt(fleet.usdPerHour(), arrivalRps) + egressUsdPerMillion(fleet, at);
  }

  static Cost of(Fleet fleet, Configuration at) {
    double egress = egressUsdPerMillion(fleet, at);
    double all = at.usdPerRequest() * MILLION;
    List<HourCost> hours =
        IntStream.range(0, HOURS)
            .mapToObj(hour -> {
              double usd =
                  pools(fleet)
                      .mapToDouble(p ->
                          p.instances()
                              * (double) p.type().gpus()
                              * p.type().usdPerGpuHour().at(hour))
                      .sum();
              return new HourCost(hour, usd, millionAt(usd, at.sustainedRps()) + egress);
            })
            .toList();
    Comparator<HourCost> byPrice = Comparator.comparingDouble(HourCost::usdPerHour);
    return new Cost(
        fleet.usdPerHour(),
        all,
        egress,
        all > 0 ? egress / all : 0,
        hours.stream().min(byPrice).orElseThrow(),
        hours.stream().max(byPrice).orElseThrow());
  }

  private static double millionAt(double usdPerHour, double rps) {
    return usdPerHour / SECONDS_PER_HOUR / rps * MILLION;
  }

  private static Stream<Pool> pools(Fleet fleet) {
    return Stream.concat(
        fleet.prefill().stream().flatMap(c -> c.pools().stream()), fleet.pd().stream());
  }
}
