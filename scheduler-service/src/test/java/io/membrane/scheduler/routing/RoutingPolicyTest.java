package io.membrane.scheduler.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** All rules together, against a second implementation of them. */
class RoutingPolicyTest {

  /** A prompt, what is known when it comes, and the policy that is asked. */
  private record Situation(
      RouteQuery query, FleetState state, InFlight inFlight, RoutingSettings settings) {

    static Situation of(RandomGenerator random) {
      int total = 1 + random.nextInt(40);
      List<Candidate> candidates = new ArrayList<>();
      Map<String, ClusterCondition> conditions = new HashMap<>();
      boolean costsKnown = random.nextBoolean();
      int count = 1 + random.nextInt(6);
      for (int i = 0; i < count; i++) {
        String name = "c" + i;
        Role role = random.nextBoolean() ? Role.PD : Role.PREFILL;
        candidates.add(new Candidate(name, role, cached(random, total), nodes(random, total)));
        if (random.nextInt(6) > 0) {
          conditions.put(name, condition(random, name, costsKnown));
        }
      }
      Duration deadline =
          random.nextInt(3) == 0 ? Duration.ofMillis(1 + random.nextInt(60_000)) : null;
      Regime regime = random.nextBoolean() ? Regime.SCARCE : Regime.ABUNDANT;
      FleetState state = new FleetState(random.nextInt(30), regime, conditions);
      RouteQuery query = new RouteQuery(total, candidates, deadline);
      RoutingSettings settings =
          new RoutingSettings(
              random.nextInt(3) == 0 ? 0 : random.nextDouble(),
              Duration.ofSeconds(random.nextBoolean() ? 1000 : 1 + random.nextInt(40)));
      InFlight inFlight = new InFlight();
      for (int i = random.nextInt(6); i > 0; i--) {
        try {
          inFlight.add(new RoutingPolicy(settings).decide(query, state, inFlight, 0), 0);
        } catch (MembraneException refused) {
          break;
        }
      }
      return new Situation(query, state, inFlight, settings);
    }

    Decision decide() {
      return new RoutingPolicy(settings).decide(query, state, inFlight, 0);
    }

    private static int cached(RandomGenerator random, int total) {
      return random.nextBoolean() ? 0 : random.nextInt(total + 1);
    }

    private static List<NodeCandidate> nodes(RandomGenerator random, int total) {
      List<NodeCandidate> nodes = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        nodes.add(new NodeCandidate("n" + i, cached(random, total), random.nextInt(20)));
      }
      return nodes;
    }

    private static ClusterCondition condition(
        RandomGenerator random, String name, boolean costsKnown) {
      Availability[] all = Availability.values();
      return new ClusterCondition(
          name,
          random.nextInt(5) == 0 ? all[random.nextInt(all.length)] : Availability.UP,
          "",
          random.nextInt(40),
          random.nextBoolean() ? Regime.SCARCE : Regime.ABUNDANT,
          random.nextBoolean() ? 0 : random.nextInt(10),
          random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(4),
          costsKnown || random.nextBoolean() ? cost(random) : null);
    }

    private static ClusterCost cost(RandomGenerator random) {
      return new ClusterCost(
          PolynomialCurve.of(random.nextDouble(), random.nextDouble()),
          PolynomialCurve.of(1e8 * random.nextDouble(), 1e8 * random.nextDouble()),
          1 + random.nextInt(3),
          random.nextBoolean() ? 0 : random.nextDouble(),
          random.nextBoolean() ? 0 : random.nextDouble());
    }
  }

  @Test
  void everySituationIsDecidedAsTheRulesSay() {
    Map<Rule, Integer> seen = new HashMap<>();
    Map<ErrorCode, Integer> refusals = new HashMap<>();
    Seeds.forAll(
        20_000,
        random -> {
          Situation s = Situation.of(random);
          RoutingOracle oracle = new RoutingOracle(s.query(), s.state(), s.inFlight());
          String expected = oracle.decide(s.settings());
          @Nullable ErrorCode refused = refusal(s);
          if (refused != null) {
            assertThat(refused.name()).as("%s", s).isEqualTo(expected);
            refusals.merge(refused, 1, Integer::sum);
            return;
          }
          Decision d = s.decide();
          assertThat(RoutingOracle.told(d)).as("%s", s).isEqualTo(expected);
          assertThat(d.ttftSeconds().orElse(-1)).isCloseTo(oracle.ttftSeconds, within(1e-9));
          assertThat(d.reason()).contains("'" + d.target() + "' computes " + d.incrementalTokens());
          seen.merge(d.rule(), 1, Integer::sum);
        });
    assertThat(seen).as("every rule has its turn").hasSize(Rule.values().length);
    assertThat(seen.values()).allMatch(n -> n > 50);
    assertThat(refusals).containsOnlyKeys(ErrorCode.DEPENDENCY_UNAVAILABLE, ErrorCode.OVERLOADED);
    assertThat(refusals.values()).allMatch(n -> n > 50);
  }

  @Test
  void theOrderOfTheCandidatesDoesNotMatter() {
    Seeds.forAll(
        2000,
        random -> {
          Situation s = Situation.of(random);
          if (refusal(s) != null) {
            return;
          }
          List<Candidate> shuffled = new ArrayList<>();
          for (Candidate c : s.query().candidates()) {
            List<NodeCandidate> nodes = new ArrayList<>(c.nodes());
            Collections.shuffle(nodes, new Random(random.nextLong()));
            shuffled.add(new Candidate(c.cluster(), c.role(), c.cachedTokens(), nodes));
          }
          Collections.shuffle(shuffled, new Random(random.nextLong()));
          RouteQuery query =
              new RouteQuery(s.query().totalTokens(), shuffled, s.query().deadline());
          Situation other = new Situation(query, s.state(), s.inFlight(), s.settings());
          assertThat(other.decide()).isEqualTo(s.decide());
        });
  }

  private static @Nullable ErrorCode refusal(Situation s) {
    try {
      s.decide();
      return null;
    } catch (MembraneException e) {
      return e.code();
    }
  }
}
