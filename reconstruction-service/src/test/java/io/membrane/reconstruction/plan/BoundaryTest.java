package io.membrane.reconstruction.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.ReconstructionClient.Alternative;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How much is fetched, against an oracle that tries every number of blocks by itself. */
class BoundaryTest {

  private static final int TRIES = 3000;
  private static final List<String> CLUSTERS = List.of("a", "b");
  private static final List<String> TIERS = List.of("redis", "memory");

  /** A random situation. */
  private record World(
      Prompt prompt,
      List<Match> matches,
      RouteResponse route,
      Map<Link, Pace> paces,
      PrefillProfile profile) {

    static World of(RandomGenerator random) {
      int blockTokens = random.nextInt(1, 9);
      int total = random.nextInt(1, 60);
      Prompt prompt = promptOf(random, blockTokens, total);
      List<Match> matches = new ArrayList<>();
      for (int place = random.nextInt(6); place > 0; place--) {
        int run = random.nextInt(prompt.blocks() + 1);
        matches.add(
            new Match(
                CLUSTERS.get(random.nextInt(2)),
                "n" + place,
                TIERS.get(random.nextInt(2)),
                run,
                prompt.tokens(run)));
      }
      Map<Link, Pace> paces = new HashMap<>();
      for (String from : CLUSTERS) {
        for (String tier : TIERS) {
          paces.put(
              new Link(from, tier, "a"),
              new Pace(random.nextDouble(30), Math.pow(10, random.nextDouble(1, 3))));
        }
      }
      return new World(
          prompt,
          matches,
          routeMoving(random.nextBoolean() ? total : null),
          paces,
          profileOf(random));
    }

    Plan plan() {
      return plan(0);
    }

    Plan plan(double leastGainMs) {
      return Planner.withPrefill(
          prompt, Stored.named(matches), route, new Costs(this::pace, profile, leastGainMs, true));
    }

    Pace pace(Link link) {
      return Objects.requireNonNull(paces.get(link));
    }

    /** How many leading blocks {@code cluster} has at one place. */
    int run(String cluster) {
      return matches.stream()
          .filter(m -> m.cluster().equals(cluster))
          .mapToInt(Match::matchedBlocks)
          .max()
          .orElse(0);
    }

    int available() {
      return Math.max(run("a"), route.transfer() == null ? 0 : run("b"));
    }

    /** Sums up per link, whatever the order of blocks. */
    double total(int fetched) {
      Map<Link, Double> bytes = new HashMap<>();
      for (int block = 0; block < fetched; block++) {
        bytes.merge(
            link(block),
            profile.kvBytes(prompt.tokens(block), prompt.tokens(block + 1)),
            Double::sum);
      }
      double ms = profile.recomputeMs(prompt.tokens(fetched), prompt.totalTokens());
      for (Map.Entry<Link, Double> part : bytes.entrySet()) {
        Pace pace = pace(part.getKey());
        ms += pace.latencyMs() + part.getValue() / pace.bytesPerMs();
      }
      return ms;
    }

    private Link link(int block) {
      String from = block < run("a") ? "a" : "b";
      Link best = null;
      for (Match match : matches) {
        if (match.cluster().equals(from) && match.matchedBlocks() > block) {
          Link link = new Link(from, match.tier(), "a");
          if (best == null || pace(link).bytesPerMs() > pace(best).bytesPerMs()) {
            best = link;
          }
        }
      }
      return Objects.requireNonNull(best);
    }
  }

  @Test
  void thePlanIsAsFastAsTheFastestOfAllNumbersOfFetchedBlocks() {
    Seeds.forAll(
        TRIES,
        random -> {
          World world = World.of(random);

          Plan plan = world.plan();

          double least = Double.MAX_VALUE;
          for (int fetched = 0; fetched <= world.available(); fetched++) {
            least = Math.min(least, world.total(fetched));
          }
          assertThat(plan.choice().costMs()).isCloseTo(least, within(1e-6));
          assertThat(world.total(plan.reusedBlocks())).isCloseTo(least, within(1e-6));
          assertThat(plan.declinedBlocks()).isEqualTo(world.available() - plan.reusedBlocks());
        });
  }

  @Test
  void theStepsCostWhatThePlanCosts() {
    Seeds.forAll(
        TRIES,
        random -> {
          Plan plan = World.of(random).plan();

          double sum = 0;
          for (Step step : plan.steps()) {
            Double ms = step.costMs();
            assertThat(ms).isNotNull().isNotNegative();
            sum += Objects.requireNonNull(ms);
          }
          assertThat(plan.choice().costMs()).isCloseTo(sum, within(1e-6));
        });
  }

  @Test
  void whatWasNotChosenWouldHaveTakenAsLongOrLonger() {
    Seeds.forAll(
        TRIES,
        random -> {
          World world = World.of(random);

          Plan plan = world.plan();

          for (Alternative other : plan.choice().alternatives()) {
            int fetched = other.fetchedTokens() / world.prompt().blockTokens();
            assertThat(fetched).isIn(0, world.available()).isNotEqualTo(plan.reusedBlocks());
            assertThat(other.costMs()).isCloseTo(world.total(fetched), within(1e-6));
            assertThat(other.costMs()).isGreaterThanOrEqualTo(cost(plan));
          }
        });
  }

  @Test
  void allIsFetchedUnlessAnotherPlanGainsEnough() {
    Seeds.forAll(
        TRIES,
        random -> {
          World world = World.of(random);
          double gain = random.nextDouble(60);
          double least = cost(world.plan());
          double all = world.total(world.available());
          boolean pays = all - least >= gain;

          Plan plan = world.plan(gain);

          assertThat(cost(plan)).isCloseTo(pays ? least : all, within(1e-6));
          assertThat(plan.choice().reason().contains("no other plan gains enough"))
              .isEqualTo(!pays && plan.reusedBlocks() != world.plan().reusedBlocks());
        });
  }

  @Test
  void aSlowLinkIsNotWaitedFor() {
    Plan plan = plan(new Pace(0, 1), new PrefillProfile(List.of(new ProfilePoint(100, 10, 1000))));

    assertThat(plan.reusedBlocks()).isZero();
    assertThat(plan.declinedBlocks()).isEqualTo(2);
    assertThat(plan.makesBlocks()).isFalse();
    assertThat(plan.steps()).hasSize(2);
    assertThat(plan.steps().getFirst().why())
        .isEqualTo("stored, but fetching takes longer (80.0 ms) than recomputing (0.8 ms)");
    assertThat(plan.choice().reason())
        .isEqualTo(
            "computing all of it: 1.0 ms, the least; "
                + "fetching 8 tokens and computing the rest: 80.2 ms");
  }

  @Test
  void aFastLinkIsUsed() {
    Plan plan = plan(new Pace(0, 1e3), new PrefillProfile(List.of(new ProfilePoint(100, 10, 10))));

    assertThat(plan.reusedBlocks()).isEqualTo(2);
    assertThat(plan.declinedBlocks()).isZero();
    assertThat(plan.choice().alternatives()).containsExactly(new Alternative(0, 1.0));
  }

  @Test
  void withoutAProfileAllThatIsStoredIsFetchedAndThePlanSaysSo() {
    Plan plan = plan(new Pace(1000, 1), null);

    assertThat(plan.reusedBlocks()).isEqualTo(2);
    assertThat(plan.choice().costMs()).isNull();
    assertThat(plan.choice().reason()).contains("cluster a has no profile yet");
    assertThat(plan.steps()).allSatisfy(step -> assertThat(step.costMs()).isNull());
  }

  @Test
  void whereAStateIsNeededAllIsFetchedOrNothing() {
    Prompt prompt = promptOf(new Random(1), 4, 400);
    Stored stored = Stored.named(List.of(new Match("a", "n", "redis", 90, 360)));
    PrefillProfile profile =
        new PrefillProfile(
            List.of(
                new ProfilePoint(40, 100, 40),
                new ProfilePoint(360, 110, 360),
                new ProfilePoint(400, 200, 400)));
    Pace pace = new Pace(0, 5);

    assertThat(boundary(prompt, stored, pace, profile, true)).isEqualTo(10);
    assertThat(boundary(prompt, stored, pace, profile, false)).isEqualTo(90);
    assertThat(boundary(prompt, stored, new Pace(1000, 1), profile, false)).isZero();
  }

  private static int boundary(
      Prompt prompt, Stored stored, Pace pace, PrefillProfile profile, boolean endsAnywhere) {
    Costs costs = new Costs(link -> pace, profile, 0, endsAnywhere);
    return Planner.withPrefill(prompt, stored, routeMoving(null), costs).reusedBlocks();
  }

  /** Ten tokens in blocks of four, two of them stored. */
  private static Plan plan(Pace pace, @Nullable PrefillProfile profile) {
    return Planner.withPrefill(
        promptOf(new Random(1), 4, 10),
        Stored.named(List.of(new Match("a", "n", "redis", 2, 8))),
        routeMoving(null),
        new Costs(link -> pace, profile, 0, true));
  }

  private static double cost(Plan plan) {
    return Objects.requireNonNull(plan.choice().costMs());
  }

  private static Prompt promptOf(RandomGenerator random, int blockTokens, int total) {
    List<BlockHash> hashes =
        Stream.generate(() -> Seeds.hash(random)).limit(total / blockTokens).toList();
    return new Prompt(total, blockTokens, hashes);
  }

  private static PrefillProfile profileOf(RandomGenerator random) {
    List<ProfilePoint> points = new ArrayList<>();
    int tokens = 0;
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      tokens += random.nextInt(1, 30);
      points.add(new ProfilePoint(tokens, 1 + random.nextDouble(100), tokens * 100L));
    }
    return new PrefillProfile(points);
  }

  private static RouteResponse routeMoving(@Nullable Integer movedTokens) {
    return new RouteResponse(
        "a",
        null,
        10,
        10,
        0,
        Regime.ABUNDANT,
        movedTokens == null ? null : new Transfer("b", "a", movedTokens),
        new Expected(null, null),
        List.of(),
        "test",
        "test");
  }
}
