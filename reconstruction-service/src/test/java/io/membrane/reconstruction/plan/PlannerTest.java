package io.membrane.reconstruction.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Random fleets against an oracle that decides token by token. */
class PlannerTest {

  private static final List<String> CLUSTERS = List.of("a", "b", "c");
  private static final int TRIES = 3000;
  private static final Costs WITHOUT_PROFILE = new Costs(link -> new Pace(1, 1000), null, 0, true);

  /** A prompt, what is stored of it, and where the scheduler sends it. */
  private record Fleet(Prompt prompt, Stored stored, RouteResponse route) {

    Plan withPrefill() {
      return Planner.withPrefill(prompt, stored, route, WITHOUT_PROFILE);
    }
  }

  private static void forAllFleets(BiConsumer<RandomGenerator, Fleet> property) {
    Seeds.forAll(
        TRIES,
        random -> {
          Prompt prompt = prompt(random);
          property.accept(random, new Fleet(prompt, stored(random, prompt), route(random, prompt)));
        });
  }

  private static Prompt prompt(RandomGenerator random) {
    int blockTokens = random.nextInt(1, 9);
    int total = random.nextInt(1, 60);
    List<BlockHash> hashes =
        Stream.generate(() -> Seeds.hash(random)).limit(total / blockTokens).toList();
    return new Prompt(total, blockTokens, hashes);
  }

  private static Stored stored(RandomGenerator random, Prompt prompt) {
    List<Match> matches = new ArrayList<>();
    for (int place = random.nextInt(5); place > 0; place--) {
      int run = random.nextInt(prompt.blocks() + 1);
      matches.add(
          new Match(
              CLUSTERS.get(random.nextInt(3)), "n" + place, "redis", run, prompt.tokens(run)));
    }
    Stored named = Stored.named(matches);
    return random.nextBoolean() ? named : named.verified(random.nextInt(prompt.blocks() + 1));
  }

  private static RouteResponse route(RandomGenerator random, Prompt prompt) {
    String target = CLUSTERS.get(random.nextInt(3));
    Transfer transfer =
        random.nextBoolean()
            ? new Transfer(
                CLUSTERS.get(random.nextInt(3)), target, random.nextInt(prompt.totalTokens() + 1))
            : null;
    return new RouteResponse(
        target,
        null,
        10,
        10,
        0,
        Regime.ABUNDANT,
        transfer,
        new Expected(null, null),
        List.of(),
        "random",
        "random");
  }

  /** Whether a place of {@code cluster} holds the block and all before it, and they are there. */
  private static boolean usable(Stored stored, String cluster, int block) {
    return block < stored.present()
        && stored.matches().stream()
            .anyMatch(m -> m.cluster().equals(cluster) && m.matchedBlocks() > block);
  }

  private static List<Source> expand(List<Segment> segments) {
    List<Source> sources = new ArrayList<>();
    for (Segment segment : segments) {
      assertThat(segment.tokenSpan().from()).isEqualTo(sources.size());
      for (int i = 0; i < segment.tokenSpan().length(); i++) {
        sources.add(segment.source());
      }
    }
    return sources;
  }

  private static void assertWhole(Plan plan) {
    List<Segment> segments = plan.segments();
    List<Source> sources = expand(segments);
    Coverage coverage = plan.coverage();
    assertThat(sources).hasSize(plan.prompt().totalTokens());
    assertThat(segments.stream().map(Segment::blockHashes).flatMap(List::stream))
        .isEqualTo(plan.prompt().blockHashes());
    assertThat(coverage.reusedTokens())
        .isEqualTo((int) sources.stream().filter(s -> s == Source.FRAGMENT).count());
    assertThat(coverage.prefilledTokens())
        .isEqualTo((int) sources.stream().filter(s -> s == Source.PREFILL).count());
    assertThat(coverage.missingTokens())
        .isEqualTo((int) sources.stream().filter(s -> s == Source.MISSING).count());
    for (int i = 1; i < segments.size(); i++) {
      Segment before = segments.get(i - 1);
      assertThat(before.source() + before.why())
          .isNotEqualTo(segments.get(i).source() + segments.get(i).why());
    }
  }

  @Test
  void withoutPrefillExactlyWhatLiesAnywhereIsReused() {
    forAllFleets((random, fleet) -> {
      Prompt prompt = fleet.prompt();
      Stored stored = fleet.stored();

      Plan plan = Planner.withoutPrefill(prompt, stored);

      assertWhole(plan);
      List<Source> sources = expand(plan.segments());
      for (int token = 0; token < prompt.totalTokens(); token++) {
        int block = token / prompt.blockTokens();
        boolean there = CLUSTERS.stream().anyMatch(c -> usable(stored, c, block));
        assertThat(sources.get(token)).isEqualTo(there ? Source.FRAGMENT : Source.MISSING);
      }
      assertThat(Planner.mustCompute(prompt, stored, false))
          .isEqualTo(sources.contains(Source.MISSING));
      assertThat(Planner.mustCompute(prompt, stored, true)).isTrue();
      assertThat(plan.coveredBlocks()).isEqualTo(plan.reusedBlocks());
    });
  }

  @Test
  void withPrefillExactlyWhatTheTargetHasOrGetsIsReused() {
    forAllFleets((random, fleet) -> {
      Prompt prompt = fleet.prompt();
      Stored stored = fleet.stored();
      RouteResponse route = fleet.route();
      Transfer transfer = route.transfer();

      Plan plan = fleet.withPrefill();

      assertWhole(plan);
      List<Source> sources = expand(plan.segments());
      for (int token = 0; token < prompt.totalTokens(); token++) {
        int block = token / prompt.blockTokens();
        boolean moved =
            transfer != null
                && usable(stored, transfer.from(), block)
                && (block + 1) * prompt.blockTokens() <= transfer.tokens();
        boolean there = moved || usable(stored, route.target(), block);
        assertThat(sources.get(token)).isEqualTo(there ? Source.FRAGMENT : Source.PREFILL);
      }
      assertThat(plan.coveredBlocks()).isEqualTo(prompt.blocks());
    });
  }

  @Test
  void everyTokenThatIsNotReusedHasItsReason() {
    forAllFleets((random, fleet) -> {
      Prompt prompt = fleet.prompt();
      Stored stored = fleet.stored();
      Plan plan = fleet.withPrefill();
      List<Arrival> arrivals = arrivals(random, plan);
      Plan really = plan.carriedOut(arrivals, fleet.route().target());

      Map<NotReused, Integer> expected = new EnumMap<>(NotReused.class);
      for (int token = 0; token < prompt.totalTokens(); token++) {
        int block = token / prompt.blockTokens();
        Arrival arrival = block < arrivals.size() ? arrivals.get(block) : null;
        NotReused why = NotReused.ELSEWHERE;
        if (arrival == Arrival.USED) {
          continue;
        } else if (arrival != null) {
          why = arrival == Arrival.MISSING ? NotReused.NOT_FETCHED : NotReused.SLOWER;
        } else if (block >= prompt.blocks()) {
          why = NotReused.TAIL;
        } else if (stored.matches().stream().noneMatch(m -> m.matchedBlocks() > block)) {
          why = NotReused.NOT_STORED;
        } else if (block >= stored.present()) {
          why = NotReused.GONE;
        }
        expected.merge(why, 1, Integer::sum);
      }
      assertThat(really.notReused()).isEqualTo(expected);
      assertThat(Planner.withoutPrefill(prompt, stored).notReused())
          .doesNotContainKeys(NotReused.NOT_FETCHED, NotReused.ELSEWHERE, NotReused.SLOWER);
    });
  }

  private static List<Arrival> arrivals(RandomGenerator random, Plan plan) {
    Arrival[] kinds = Arrival.values();
    return Stream.generate(() -> kinds[random.nextInt(kinds.length)])
        .limit(plan.reusedBlocks())
        .toList();
  }

  @Test
  void whatDidNotComeAppearsAsPrefilledWhereverItIs() {
    forAllFleets((random, fleet) -> {
      Prompt prompt = fleet.prompt();
      Plan plan = fleet.withPrefill();
      List<Arrival> arrivals = arrivals(random, plan);

      Plan really = plan.carriedOut(arrivals, fleet.route().target());

      assertWhole(really);
      assertThat(really.reusedBlocks()).isEqualTo(Collections.frequency(arrivals, Arrival.USED));
      assertThat(really.coveredBlocks()).isEqualTo(prompt.blocks());
      assertThat(really.coverage().missingTokens()).isZero();
      for (int block = 0; block < arrivals.size(); block++) {
        Segment segment = segmentAt(really, prompt.tokens(block));
        Source source = arrivals.get(block) == Arrival.USED ? Source.FRAGMENT : Source.PREFILL;
        assertThat(segment.source()).isEqualTo(source);
        assertThat(segment.why().equals(Why.NOT_FETCHED))
            .isEqualTo(arrivals.get(block) == Arrival.MISSING);
        assertThat(segment.why().equals(Why.OUTRUN))
            .isEqualTo(arrivals.get(block) == Arrival.OUTRUN);
      }
    });
  }

  @Test
  void whatIsNotStoredIsSaidAndNotCovered() {
    forAllFleets((random, fleet) -> {
      Prompt prompt = fleet.prompt();
      Plan plan = fleet.withPrefill();
      List<Arrival> arrivals = Collections.nCopies(plan.reusedBlocks(), Arrival.OUTRUN);
      int kept = random.nextInt(prompt.blocks() + 1);

      Plan really = plan.carriedOut(arrivals, fleet.route().target(), kept, "full");

      assertWhole(really);
      assertThat(really.coveredBlocks()).isEqualTo(kept);
      for (int block = 0; block < prompt.blocks(); block++) {
        assertThat(segmentAt(really, prompt.tokens(block)).why().endsWith("stored: full"))
            .isEqualTo(block >= kept);
      }
    });
  }

  private static Segment segmentAt(Plan plan, int token) {
    return plan.segments().stream()
        .filter(s -> s.tokenSpan().from() <= token && token < s.tokenSpan().to())
        .findFirst()
        .orElseThrow();
  }
}
