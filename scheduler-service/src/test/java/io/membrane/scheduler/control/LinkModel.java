package io.membrane.scheduler.control;

import io.membrane.scheduler.throughput.LengthClasses;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Throughput;
import io.membrane.scheduler.throughput.Workload;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;

/**
 * A link as a fluid queue, in steps of one second, with congestion control in the loop: prompts
 * arrive, those above the effective threshold reach the link as KV after a prefill, what the link
 * cannot carry waits.
 */
final class LinkModel {

  static final int THRESHOLD = 19_351;
  static final Workload WORKLOAD = new Workload(LogNormalLengths.of(9.9, 1.0, 128, 131_072), 1024);
  static final LengthCurve KV = PolynomialCurve.of(173.92 * 1024 * 1024, 17_280.0);

  /** Utilisation of the link before anything happens. */
  static final double CALM = 0.7;

  private static final EffectiveThreshold THRESHOLDS = EffectiveThreshold.of(WORKLOAD, KV);
  private static final double GBPS = 12;
  private static final double TRANSFER_GIGABITS =
      Throughput.gigabits(KV.at(WORKLOAD.input().split(THRESHOLD).longTokens()));

  /** What happens in each second. */
  IntToDoubleFunction demand = second -> 1;

  IntToDoubleFunction capacity = second -> 1;
  IntToDoubleFunction loss = second -> 0;
  IntToDoubleFunction arrivingTransfers = second -> 0;
  IntPredicate sampled = second -> true;
  int prefillSeconds = 2;
  int telemetryDelaySeconds = 0;

  /** A second of the run. */
  record Second(double share, int threshold, double utilisation, double queuedTransfers) {}

  private final CongestionControl control = new CongestionControl(CongestionSettings.DEFAULT);

  List<Second> run(int seconds) {
    CongestionControl.State state = CongestionControl.State.INITIAL;
    Deque<Double> inPrefill = new ArrayDeque<>();
    for (int i = 0; i < prefillSeconds; i++) {
      inPrefill.add(CALM * GBPS);
    }
    Deque<LinkSample> onTheWay = new ArrayDeque<>();
    List<Second> run = new ArrayList<>();
    double queue = 0;
    for (int s = 0; s < seconds; s++) {
      Instant now = Instant.EPOCH.plus(Duration.ofSeconds(s));
      double share = control.shareAt(state, now);
      int threshold = THRESHOLDS.raise(THRESHOLD, share);
      inPrefill.add(
          demand.applyAsDouble(s) * CALM * GBPS * offered(threshold) / offered(THRESHOLD));
      double link = GBPS * capacity.applyAsDouble(s);
      double waiting =
          queue + inPrefill.remove() + arrivingTransfers.applyAsDouble(s) * TRANSFER_GIGABITS;
      double egress = Math.min(link, waiting);
      queue = waiting - egress;
      double transfers = queue / TRANSFER_GIGABITS;
      onTheWay.add(new LinkSample(now, egress, link, transfers, loss.applyAsDouble(s), Double.NaN));
      if (onTheWay.size() > telemetryDelaySeconds) {
        LinkSample sample = onTheWay.remove();
        if (sampled.test(s)) {
          state = control.step(state, sample, LocalLoad.UNKNOWN);
        }
      }
      run.add(new Second(share, threshold, egress / link, transfers));
    }
    return run;
  }

  /** p(t) · S_kv(l_long(t)). */
  static double offered(int threshold) {
    LengthClasses classes = WORKLOAD.input().split(threshold);
    return classes.offloaded() == 0 ? 0 : classes.offloaded() * KV.at(classes.longTokens());
  }

  /** How often the share turned round, movements below a thousandth left out. */
  static int reversals(List<Second> run) {
    int reversals = 0;
    int direction = 0;
    double turn = run.getFirst().share();
    for (Second s : run) {
      double moved = Math.log(s.share() / turn);
      int towards = Math.abs(moved) < 1e-3 ? 0 : (int) Math.signum(moved);
      if (towards == 0) {
        continue;
      }
      if (direction != 0 && towards != direction) {
        reversals++;
      }
      direction = towards;
      turn = s.share();
    }
    return reversals;
  }
}
