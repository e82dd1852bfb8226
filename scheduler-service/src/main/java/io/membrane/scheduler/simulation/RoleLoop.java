package io.membrane.scheduler.simulation;

import io.membrane.scheduler.control.Period;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.control.StageLoad;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.station.DecodeStation;
import io.membrane.scheduler.simulation.station.PrefillStation;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The long-term control of a simulated fleet: once in a period it is told the lengths of the latest
 * {@value #SAMPLES} prompts, how busy the PD cluster was and what the links carried, and what it
 * wants is done. Not thread-safe.
 */
final class RoleLoop {

  private static final int SAMPLES = 4096;
  private static final double LEAST_GBPS = 1e-3;

  private final Plant plant;
  private final RoleControl control;
  private final int[] lengths = new int[SAMPLES];
  private final double[] outputs = new double[SAMPLES];
  private final double[] before;
  private long measured;
  private double outputSum;
  private RoleControl.State state;
  private double since;
  private @Nullable Workload workload;

  RoleLoop(Plant plant, RoleSettings settings, Configuration planned) {
    this.plant = plant;
    this.control = new RoleControl(settings);
    this.state = RoleControl.State.initial(planned.thresholdTokens(), planned.prefillByPool());
    this.before = read(0);
  }

  void measured(int uncachedTokens, double outputTokens) {
    int i = (int) (measured++ % SAMPLES);
    lengths[i] = uncachedTokens;
    outputSum += outputTokens - outputs[i];
    outputs[i] = outputTokens;
  }

  /** t as it is wanted now. */
  int threshold() {
    return state.thresholdTokens();
  }

  /** What was measured at the last period; null before there was anything. */
  @Nullable Workload workload() {
    return workload;
  }

  /** A period is over. */
  void step(double now, Instant at) {
    int samples = (int) Math.min(measured, SAMPLES);
    if (samples == 0) {
      return;
    }
    Lengths seen = EmpiricalLengths.of(Arrays.copyOf(lengths, samples));
    double output = outputSum / samples;
    workload = new Workload(seen, output);
    double[] after = read(now);
    Fleet fleet = fleet(after, now - since);
    Period period =
        new Period(
            at,
            seen,
            samples,
            output,
            load(after, 0, now - since),
            load(after, 3, now - since),
            plant.roles.prefillByPool());
    System.arraycopy(after, 0, before, 0, after.length);
    since = now;
    state = control.step(state, fleet, period);
    if (state.phase() == RoleControl.Phase.DRAINING && plant.roles.pending() == 0) {
      convert(now, period.prefillByPool(), state.prefillByPool());
    }
  }

  private void convert(double now, List<Integer> is, List<Integer> wanted) {
    for (int k = 0; k < is.size(); k++) {
      if (!is.get(k).equals(wanted.get(k))) {
        plant.roles.convert(now, k, wanted.get(k) > is.get(k));
        return;
      }
    }
  }

  /** Busy, there and waiting of both stages, then what each link carried. */
  private double[] read(double now) {
    PrefillStation prefill = plant.prefill[plant.clusters];
    DecodeStation decode = plant.decode;
    double[] read = new double[6 + plant.clusters];
    read[0] = prefill.busy.area(now);
    read[1] = prefill.servers.area(now);
    read[2] = prefill.queue.area(now);
    read[3] = decode.busy.area(now);
    read[4] = decode.places.area(now);
    read[5] = decode.queue.area(now);
    for (int c = 0; c < plant.clusters; c++) {
      read[6 + c] = plant.links[c].offeredGigabits();
    }
    return read;
  }

  private StageLoad load(double[] after, int first, double seconds) {
    double there = after[first + 1] - before[first + 1];
    double busy = after[first] - before[first];
    double waiting = (after[first + 2] - before[first + 2]) / seconds;
    return new StageLoad(there > 0 ? Math.clamp(busy / there, 0, 1) : 0, Math.max(0, waiting));
  }

  private Fleet fleet(double[] after, double seconds) {
    Fleet planned = plant.fleet;
    List<PrefillCluster> clusters = new ArrayList<>();
    for (int c = 0; c < plant.clusters; c++) {
      PrefillCluster p = planned.prefill().get(c);
      double gbps = (after[6 + c] - before[6 + c]) / seconds;
      clusters.add(
          new PrefillCluster(p.name(), p.pools(), Math.max(LEAST_GBPS, gbps), p.usdPerGb()));
    }
    return new Fleet(planned.kvBytes(), clusters, planned.pdName(), planned.pd());
  }
}
