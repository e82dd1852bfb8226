package io.membrane.scheduler.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;
import org.junit.jupiter.api.Test;

class TuningTest {

  private static final InstanceType H200 =
      PdCluster.FLEET.prefill().getFirst().pools().getFirst().type();
  private static final InstanceType H20 = PdCluster.FLEET.pd().getFirst().type();

  @Test
  void theThresholdOfASplitIsTheOneThatConfigurationsLookedAtOneByOneGive() {
    Seeds.forAll(
        30,
        random -> {
          Fleet fleet =
              new Fleet(
                  LinkModel.KV,
                  List.of(
                      new PrefillCluster(
                          "far",
                          List.of(new Pool(H200, random.nextInt(1, 5))),
                          random.nextDouble(1, 50),
                          0)),
                  "pd",
                  List.of(
                      new Pool(H20, random.nextInt(2, 6)), new Pool(H20, random.nextInt(1, 4))));
          int[] lengths = random.ints(random.nextInt(1, 200), 100, 20_000).toArray();
          Workload workload = new Workload(EmpiricalLengths.of(lengths), 512);
          List<Integer> split =
              List.of(
                  random.nextInt(fleet.pd().get(0).instances() + 1),
                  random.nextInt(fleet.pd().get(1).instances() + 1));
          ThresholdRange all = ThresholdRange.over(workload.input());
          int step = Math.max(1, Math.ceilDiv(all.to() - all.from(), 1024));
          int near = oneByOne(fleet, workload, split, all.from(), all.from() + 1024 * step, step);
          int from = Math.max(all.from(), near - step);
          int expected = oneByOne(fleet, workload, split, from, near + step, 1);
          assertThat(new Tuning(fleet, workload).of(split))
              .isEqualTo(Configuration.of(fleet, workload, expected, split));
        });
  }

  private static int oneByOne(
      Fleet fleet, Workload workload, List<Integer> split, int from, int to, int step) {
    int best = from;
    double most = -1;
    for (int t = from; t <= to; t += step) {
      double rps = Tuning.producersRps(Configuration.of(fleet, workload, t, split));
      if (rps > most) {
        best = t;
        most = rps;
      }
    }
    return best;
  }
}
