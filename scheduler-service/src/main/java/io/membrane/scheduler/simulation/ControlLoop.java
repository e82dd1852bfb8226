package io.membrane.scheduler.simulation;

import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.control.LinkSample;
import io.membrane.scheduler.control.LocalLoad;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RegimeSwitch;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.simulation.link.SharedLink;
import io.membrane.scheduler.simulation.station.PrefillStation;
import io.membrane.scheduler.throughput.Workload;
import io.membrane.wire.SchedulerClient.Regime;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler's controllers, fed with what a link did in the last second. A link that is out
 * sends no telemetry. Not thread-safe.
 */
final class ControlLoop {

  private static final double NANOS = 1e9;

  /** All clusters have reported at the start: an outage from then on is noticed too. */
  private static final CongestionControl.State REPORTED =
      new CongestionControl.State(1, Double.NaN, CongestionControl.Cause.UNKNOWN, Instant.EPOCH);

  private final Plant plant;
  private final Conditions conditions;
  private final @Nullable CongestionControl congestion;
  private final @Nullable RegimeSwitch regimes;
  private final CongestionControl.State[] pressure;
  private final RegimeSwitch.State[] regime;
  private final Reading[] last;
  private LocalReading lastLocal;
  private final @Nullable RoleLoop roles;
  private final double rolePeriodSeconds;
  private double nextPeriod;

  /** What thresholds are raised by: of the planned lengths, then of those measured. */
  private Workload workload;

  private @Nullable EffectiveThreshold effective;

  private record Reading(double sent, double lost, double offered, double transferSeconds) {

    static Reading of(SharedLink link) {
      return new Reading(
          link.sentGigabits(), link.lostGigabits(), link.offeredGigabits(), link.transferSeconds());
    }
  }

  private record LocalReading(double at, double busy, double servers, double waiting) {

    static LocalReading of(PrefillStation station, double now) {
      return new LocalReading(
          now, station.busy.area(now), station.servers.area(now), station.queue.area(now));
    }
  }

  ControlLoop(SimulationSpec spec, Plant plant) {
    this.plant = plant;
    this.lastLocal = LocalReading.of(plant.prefill[plant.clusters], 0);
    Deployment deployment = spec.deployment();
    this.conditions = new Conditions(plant.clusters, deployment.configuration().thresholdTokens());
    CongestionSettings settings = spec.controls().congestion();
    boolean links = plant.clusters > 0;
    this.congestion = settings == null || !links ? null : new CongestionControl(settings);
    this.workload = deployment.workload();
    RegimeSettings switching = spec.controls().regime();
    this.regimes = switching == null ? null : new RegimeSwitch(switching);
    this.pressure = new CongestionControl.State[plant.clusters];
    this.regime = new RegimeSwitch.State[plant.clusters];
    this.last = new Reading[plant.clusters];
    RoleSettings converting = spec.controls().roles();
    this.roles =
        converting == null ? null : new RoleLoop(plant, converting, deployment.configuration());
    this.rolePeriodSeconds = spec.controls().rolePeriodSeconds();
    this.nextPeriod = rolePeriodSeconds;
    for (int c = 0; c < plant.clusters; c++) {
      pressure[c] = REPORTED;
      regime[c] = RegimeSwitch.State.initial(Regime.SCARCE);
      last[c] = Reading.of(plant.links[c]);
    }
  }

  Conditions conditions() {
    return conditions;
  }

  /** A prompt was routed: what it computes and decodes. */
  void measured(int uncachedTokens, double outputTokens) {
    if (roles != null) {
      roles.measured(uncachedTokens, outputTokens);
    }
  }

  /** A second has passed. */
  void tick(double now) {
    Instant at = Instant.EPOCH.plus(Duration.ofNanos((long) (now * NANOS)));
    if (roles != null && now >= nextPeriod) {
      nextPeriod += rolePeriodSeconds;
      search(now, at, roles);
    }
    LocalLoad local = local(now);
    for (int c = 0; c < plant.clusters; c++) {
      SharedLink link = plant.links[c];
      link.advance(now);
      Reading reading = Reading.of(link);
      LinkSample sample = sample(at, last[c], reading);
      last[c] = reading;
      if (sample != null && !plant.isOut(now, c)) {
        step(c, sample, local);
      }
      decide(c, at);
    }
  }

  private void search(double now, Instant at, RoleLoop loop) {
    for (int c = 0; c < plant.clusters; c++) {
      plant.links[c].advance(now);
    }
    loop.step(now, at);
    Workload seen = loop.workload();
    if (seen != null && loop.threshold() != conditions.threshold()) {
      conditions.threshold(loop.threshold());
      workload = seen;
      effective = null;
    }
  }

  private LocalLoad local(double now) {
    LocalReading before = lastLocal;
    LocalReading after = LocalReading.of(plant.prefill[plant.clusters], now);
    lastLocal = after;
    double servers = after.servers - before.servers;
    double busy = servers > 0 ? Math.clamp((after.busy - before.busy) / servers, 0, 1) : Double.NaN;
    double waiting = Math.max(0, (after.waiting - before.waiting) / (now - before.at));
    return new LocalLoad(busy, waiting, plant.roles.nP());
  }

  private static @Nullable LinkSample sample(Instant at, Reading before, Reading after) {
    double offered = after.offered - before.offered;
    double sent = after.sent - before.sent;
    if (!(offered > 0)) {
      return null;
    }
    double loss = sent > 0 ? Math.clamp((after.lost - before.lost) / sent, 0, 1) : 0;
    double waiting = Math.max(0, after.transferSeconds - before.transferSeconds - 1);
    return new LinkSample(at, sent, offered, waiting, loss, loss);
  }

  private void step(int cluster, LinkSample sample, LocalLoad local) {
    if (congestion != null) {
      pressure[cluster] = congestion.step(pressure[cluster], sample, local);
    }
    if (regimes != null) {
      regime[cluster] = regimes.step(regime[cluster], sample);
    }
  }

  private void decide(int cluster, Instant at) {
    int threshold = conditions.threshold();
    boolean gone = false;
    if (congestion != null) {
      double share = congestion.shareAt(pressure[cluster], at);
      threshold = share == 1 ? threshold : effective().raise(threshold, share);
      gone = congestion.gone(pressure[cluster], at);
    }
    conditions.set(cluster, threshold, regime[cluster].regime(), gone);
  }

  private EffectiveThreshold effective() {
    EffectiveThreshold known = effective;
    if (known == null) {
      known = EffectiveThreshold.of(workload, plant.fleet.kvBytes());
      effective = known;
    }
    return known;
  }
}
