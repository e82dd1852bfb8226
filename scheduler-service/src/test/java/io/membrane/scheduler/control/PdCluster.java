package io.membrane.scheduler.control;

import io.membrane.scheduler.control.RoleControl.Phase;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Workload;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The case study's fleet as fluid stages, in periods of one minute, with role control in the loop;
 * an instance takes {@code drainPeriods} to be converted.
 */
final class PdCluster {

  static final int THRESHOLD = 19_351;
  static final Fleet FLEET =
      new Fleet(
          LinkModel.KV,
          List.of(
              new PrefillCluster(
                  "prfaas",
                  List.of(
                      new Pool(
                          new InstanceType(
                              "h200",
                              8,
                              TableCurve.of(
                                  new double[] {1024, 8192, 32_000, 130_000},
                                  new double[] {0.44, 0.72, 1.84, 7.40}),
                              null,
                              HourlyPrice.FREE),
                          4)),
                  100,
                  0)),
          "pd",
          List.of(
              new Pool(
                  new InstanceType(
                      "h20",
                      8,
                      PolynomialCurve.of(0.469095, 1.300378e-4, 2.940298e-10),
                      new Decode(20, 20 / (0.7817 * 1024)),
                      HourlyPrice.FREE),
                  8)));

  private final RoleControl control = new RoleControl(RoleSettings.DEFAULT);
  private final List<RoleControl.State> history = new ArrayList<>();
  RoleControl.State state;
  Lengths lengths = LinkModel.WORKLOAD.input();
  double outputTokens = 1024;
  double arrivalRps = 3;
  long samples = 10_000;
  int drainPeriods = 2;
  double noise = 0;
  private final RandomGenerator random;
  private int nP;
  private int draining;
  private double prefillQueue;
  private double decodeQueue;
  private Instant now = Instant.EPOCH;

  PdCluster(int nP, RandomGenerator random) {
    this.nP = nP;
    this.random = random;
    this.state = RoleControl.State.initial(THRESHOLD, List.of(nP));
  }

  /** Lengths as a window of requests shows them. */
  Lengths sampled(int requests) {
    return EmpiricalLengths.of(
        random
            .doubles(requests)
            .mapToInt(q -> (int) LinkModel.WORKLOAD.input().quantile(q))
            .toArray());
  }

  void run(int minutes) {
    for (int i = 0; i < minutes; i++) {
      minute();
    }
  }

  void silence(Duration duration) {
    now = now.plus(duration);
  }

  private void minute() {
    now = now.plusSeconds(60);
    Configuration c =
        Configuration.of(
            FLEET, new Workload(lengths, outputTokens), state.thresholdTokens(), List.of(nP));
    double p = c.classes().offloaded();
    double local = arrivalRps * (1 - p);
    double prefilled = Math.min(local + prefillQueue / 60, c.localPrefillRps());
    double prefillUtilisation = prefilled / c.localPrefillRps();
    prefillQueue = Math.max(0, prefillQueue + 60 * (local - prefilled));
    double ready = prefilled + Math.min(arrivalRps * p, c.prefillClustersRps());
    double decoded = Math.min(ready + decodeQueue / 60, c.decodeRps());
    double decodeUtilisation = decoded / c.decodeRps();
    decodeQueue = Math.max(0, decodeQueue + 60 * (ready - decoded));
    state =
        control.step(
            state,
            FLEET,
            new Period(
                now,
                lengths,
                samples,
                outputTokens,
                new StageLoad(noisy(prefillUtilisation), prefillQueue),
                new StageLoad(noisy(decodeUtilisation), decodeQueue),
                List.of(nP)));
    history.add(state);
    if (state.phase() == Phase.DRAINING && ++draining >= drainPeriods) {
      nP = state.nP();
      draining = 0;
    }
  }

  private double noisy(double utilisation) {
    return Math.clamp(utilisation + noise * random.nextGaussian(), 0, 1);
  }

  int nP() {
    return nP;
  }

  /** How often the wanted roles changed. */
  long conversions() {
    long conversions = 0;
    for (int i = 1; i < history.size(); i++) {
      conversions += history.get(i).nP() == history.get(i - 1).nP() ? 0 : 1;
    }
    return conversions;
  }

  List<RoleControl.State> history() {
    return history;
  }
}
