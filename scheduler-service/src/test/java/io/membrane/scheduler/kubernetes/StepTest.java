package io.membrane.scheduler.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The rule by itself, over clusters whose pods end whenever they like. */
class StepTest {

  /** A role's workload: what is asked for, and its pods with the calls that each still drains. */
  private static final class Simulated {
    private final Role role;
    private final List<Integer> draining = new ArrayList<>();
    private int replicas;
    private int running;

    Simulated(Role role, int replicas) {
      this.role = role;
      this.replicas = replicas;
      this.running = replicas;
    }

    int pods() {
      return running + draining.size();
    }

    void pass(RandomGenerator random) {
      draining.replaceAll(calls -> calls - 1);
      draining.removeIf(calls -> calls < 0);
      if (random.nextInt(3) == 0) {
        return;
      }
      for (; running > replicas; running--) {
        draining.add(random.nextInt(5));
      }
      running = replicas;
    }

    Observed observed() {
      return new Observed(
          new ScaleTarget(role, Kind.DEPLOYMENT, "membrane", role.toString()),
          replicas,
          "1",
          pods(),
          Collections.nCopies(draining.size(), "a pod"));
    }
  }

  @Test
  void podsNeverOutnumberInstancesAndTheWantedCountsAreReachedFromAnywhere() {
    Seeds.forAll(
        2000,
        random -> {
          int prefillAtFirst = random.nextInt(1, 9);
          int decodeAtFirst = random.nextInt(1, 9);
          Simulated prefill = new Simulated(Role.PREFILL, prefillAtFirst);
          Simulated decode = new Simulated(Role.DECODE, decodeAtFirst);
          int instances = prefillAtFirst + decodeAtFirst;
          RoleCounts wanted = new RoleCounts(prefillAtFirst, decodeAtFirst);
          boolean done = false;
          for (int call = 0; call < 100 && !(done && call > 60); call++) {
            if (call < 60 && random.nextInt(10) == 0) {
              int prefillWanted = random.nextInt(1, instances);
              wanted = new RoleCounts(prefillWanted, instances - prefillWanted);
            }
            RoleCounts replicas = new RoleCounts(prefill.replicas, decode.replicas);
            RoleCounts targets = new Bounds(1, instances).clamp(wanted, replicas);
            assertThat(targets).as("possible, so not bounded").isEqualTo(wanted);
            Step step = Step.next(targets, prefill.observed(), decode.observed());
            if (step instanceof Step.Scale(Observed workload, int to)) {
              Simulated scaled = workload.target().role() == Role.PREFILL ? prefill : decode;
              scaled.replicas = to;
            }
            done = step instanceof Step.Done;
            prefill.pass(random);
            decode.pass(random);
            assertThat(prefill.pods() + decode.pods()).as("pods").isLessThanOrEqualTo(instances);
            assertThat(prefill.replicas).isPositive();
            assertThat(decode.replicas).isPositive();
          }
          assertThat(done).as("reached").isTrue();
          assertThat(new RoleCounts(prefill.replicas, decode.replicas)).isEqualTo(wanted);
        });
  }

  @Test
  void boundsNeitherExceedWhatThereIsNorShrinkARoleToFit() {
    Seeds.forAll(
        5000,
        random -> {
          RoleCounts replicas = new RoleCounts(random.nextInt(10), random.nextInt(10));
          RoleCounts wanted = new RoleCounts(random.nextInt(12), random.nextInt(12));
          int min = random.nextInt(3);
          int instances = Math.max(2 * min, replicas.sum() + random.nextInt(-3, 4));
          RoleCounts targets = new Bounds(min, instances).clamp(wanted, replicas);
          for (Role role : Role.values()) {
            int least = Math.max(min, wanted.of(role));
            assertThat(targets.of(role))
                .as("%s of %s wanted %s min %s", role, replicas, wanted, min)
                .isBetween(Math.min(replicas.of(role), least), least);
            if (replicas.of(role) >= least) {
              assertThat(targets.of(role)).isEqualTo(least);
            }
          }
          boolean grows =
              targets.prefill() > replicas.prefill() || targets.decode() > replicas.decode();
          if (grows) {
            assertThat(targets.sum()).isLessThanOrEqualTo(instances);
          }
          RoleCounts again = new Bounds(min, instances).clamp(wanted, targets);
          assertThat(again).as("a bounded change is complete").isEqualTo(targets);
        });
  }
}
