package io.membrane.directory.coaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.Related.Kind;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CoAccessTest {

  private static final Duration HALF_LIFE = Duration.ofMinutes(30);
  private static final String HERE = "tenant:a";
  private static final String THERE = "tenant:b";
  private static final int MANY = 100_000;

  private final TestClock clock = new TestClock();
  private final CoAccess coAccess = coAccess(MANY);
  private final List<BlockHash> blocks = hashes(new Random(1), 20);

  private CoAccess coAccess(int maxEdges) {
    return new CoAccess(maxEdges, HALF_LIFE, clock, new Random(7));
  }

  private static List<BlockHash> hashes(RandomGenerator random, int count) {
    List<BlockHash> hashes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      hashes.add(Seeds.hash(random));
    }
    return hashes;
  }

  private List<BlockHash> context(int... indices) {
    return Arrays.stream(indices).mapToObj(blocks::get).toList();
  }

  private Related related(int block, Kind kind, double weight) {
    return new Related(blocks.get(block), kind, weight);
  }

  @Test
  void usesHalveWithTimeAndTheLastBlockOfASessionIsKnownInItsDomain() {
    coAccess.note(HERE, "s", context(0, 1, 2));
    coAccess.note(HERE, "s", context(0, 1));
    assertThat(coAccess.uses(HERE, blocks.get(1))).isEqualTo(2);
    clock.advance(HALF_LIFE);
    assertThat(coAccess.uses(HERE, blocks.get(1))).isCloseTo(1, within(1e-6));
    assertThat(coAccess.uses(HERE, blocks.get(9))).isZero();
    assertThat(coAccess.uses(THERE, blocks.get(1))).isZero();
    assertThat(coAccess.last(HERE, "s")).isEqualTo(blocks.get(1));
    assertThat(coAccess.last(THERE, "s")).isNull();
    assertThat(coAccess.last(HERE, "t")).isNull();
  }

  @Test
  void whatFollowsIsNextByTheShareOfUsesThatItFollowed() {
    coAccess.note(HERE, null, context(0, 1, 2));
    coAccess.note(HERE, null, context(0, 1, 3));
    coAccess.note(HERE, null, context(0, 1, 3));
    coAccess.note(HERE, null, context(0));
    assertThat(coAccess.related(HERE, blocks.get(0), 9))
        .containsExactly(
            related(1, Kind.NEXT, 0.75),
            related(3, Kind.NEXT, 0.75 * 2 / 3f),
            related(2, Kind.NEXT, 0.25));
    assertThat(coAccess.related(HERE, blocks.get(1), 1))
        .extracting(Related::block)
        .containsExactly(blocks.get(3));
    assertThat(coAccess.related(HERE, blocks.get(3), 9)).isEmpty();
  }

  @Test
  void anotherBranchOfASessionIsTogetherWithTheOneThatWasLeft() {
    coAccess.note(HERE, "s", context(0, 1, 2));
    coAccess.note(HERE, "s", context(0, 3, 4));
    assertThat(coAccess.related(HERE, blocks.get(2), 9))
        .containsExactly(related(3, Kind.TOGETHER, 1));
    assertThat(coAccess.related(HERE, blocks.get(3), 9))
        .containsExactlyInAnyOrder(related(4, Kind.NEXT, 1), related(2, Kind.TOGETHER, 1));
  }

  @Test
  void aContextThatGoesOnAShorterOneAndOtherSessionsAreNoBranch() {
    coAccess.note(HERE, "s", context(0, 1));
    coAccess.note(HERE, "s", context(0, 1, 2));
    coAccess.note(HERE, "s", context(0));
    coAccess.note(HERE, "t", context(5, 6));
    coAccess.note(THERE, "s", context(7, 8));
    coAccess.note(HERE, null, context(9, 10));
    coAccess.note(HERE, "s", List.of());
    for (BlockHash block : blocks) {
      assertThat(coAccess.related(HERE, block, 9))
          .extracting(Related::kind)
          .doesNotContain(Kind.TOGETHER);
    }
  }

  @Test
  void usesCountHalfAfterAHalfLifeAndAreForgottenInTheEnd() {
    coAccess.note(HERE, null, context(0, 1));
    clock.advance(HALF_LIFE);
    coAccess.note(HERE, null, context(0, 2));
    assertThat(coAccess.related(HERE, blocks.get(0), 9))
        .containsExactly(related(2, Kind.NEXT, 1 / 1.5), related(1, Kind.NEXT, 0.5 / 1.5));
    clock.advance(HALF_LIFE.multipliedBy(21));
    assertThat(coAccess.related(HERE, blocks.get(0), 9)).isEmpty();
    coAccess.note(HERE, null, context(0));
    assertThat(coAccess.edges()).isZero();
  }

  @Test
  void aClockThatGoesBackTakesNothingAway() {
    coAccess.note(HERE, null, context(0, 1));
    clock.advance(Duration.ofHours(-1));
    coAccess.note(HERE, null, context(0, 1));
    assertThat(coAccess.related(HERE, blocks.get(0), 9)).containsExactly(related(1, Kind.NEXT, 1));
  }

  @Test
  void aLongContextIsLearntWithoutAGap() {
    List<BlockHash> longest = hashes(new Random(5), 5000);
    coAccess.note(HERE, null, longest);
    for (int i = 0; i + 1 < longest.size(); i++) {
      assertThat(coAccess.related(HERE, longest.get(i), 1))
          .containsExactly(new Related(longest.get(i + 1), Kind.NEXT, 1));
    }
    assertThat(coAccess.edges()).isEqualTo(4999);
  }

  @Test
  void belowTheBoundsTheAnswerIsThatOfExactCounts() {
    Seeds.forAll(
        100,
        random -> {
          Forest forest = new Forest(random, 6);
          CoAccess learnt = coAccess(MANY);
          ExactCounts exact = new ExactCounts(HALF_LIFE.toMillis());
          for (int i = 0; i < 60; i++) {
            clock.advance(Duration.ofSeconds(random.nextInt(600)));
            String domain = random.nextBoolean() ? HERE : THERE;
            String session = random.nextInt(4) == 0 ? null : "s" + random.nextInt(3);
            List<BlockHash> context = forest.context();
            learnt.note(domain, session, context);
            exact.note(domain, session, context, clock.millis());
          }
          int compared = 0;
          for (String domain : List.of(HERE, THERE)) {
            for (BlockHash block : forest.all()) {
              Map<BlockHash, Double> expected = exact.related(domain, block, clock.millis());
              if (mostEdges(exact, domain, block, expected) <= CoAccessGraph.EDGES_OF_A_BLOCK) {
                compared++;
                same(learnt.related(domain, block, CoAccess.MAX_RELATED), expected);
                best(learnt.related(domain, block, 3), expected, 3);
              }
            }
          }
          assertThat(compared).isGreaterThan(20);
        });
  }

  private int mostEdges(
      ExactCounts exact, String domain, BlockHash block, Map<BlockHash, Double> related) {
    return Stream.concat(Stream.of(block), related.keySet().stream())
        .mapToInt(b -> exact.edges(domain, b, clock.millis()).size())
        .max()
        .orElseThrow();
  }

  private static void same(List<Related> answer, Map<BlockHash, Double> expected) {
    assertThat(answer)
        .extracting(Related::block)
        .containsExactlyInAnyOrderElementsOf(expected.keySet());
    best(answer, expected, expected.size());
    for (Related related : answer) {
      assertThat(related.weight())
          .isCloseTo(expected.getOrDefault(related.block(), 0.0), within(1e-4));
    }
  }

  private static void best(List<Related> answer, Map<BlockHash, Double> expected, int k) {
    List<Double> weights =
        expected.values().stream().sorted(Comparator.reverseOrder()).limit(k).toList();
    assertThat(answer).hasSameSizeAs(weights);
    for (int i = 0; i < weights.size(); i++) {
      assertThat(answer.get(i).weight()).isCloseTo(weights.get(i), within(1e-4));
    }
  }

  @Test
  void ofManyThatFollowThoseAboveAnEighthAreKeptAndNoneIsUnderestimated() {
    Seeds.forAll(
        50,
        random -> {
          CoAccess learnt = coAccess(MANY);
          ExactCounts exact = new ExactCounts(HALF_LIFE.toMillis());
          BlockHash hub = Seeds.hash(random);
          List<BlockHash> others = hashes(random, 40);
          for (int i = 0; i < 400; i++) {
            clock.advance(Duration.ofSeconds(random.nextInt(30)));
            int other = (int) (others.size() * Math.pow(random.nextDouble(), 4));
            List<BlockHash> context = List.of(hub, others.get(other));
            learnt.note(HERE, null, context);
            exact.note(HERE, null, context, clock.millis());
          }
          double uses = exact.uses(HERE, hub, clock.millis());
          Map<ExactCounts.Edge, Double> counts = exact.edges(HERE, hub, clock.millis());
          List<Related> answer = learnt.related(HERE, hub, CoAccess.MAX_RELATED);
          assertThat(answer).hasSizeLessThanOrEqualTo(CoAccessGraph.EDGES_OF_A_BLOCK);
          counts.forEach((edge, count) -> {
            if (count > uses / CoAccessGraph.EDGES_OF_A_BLOCK + 1e-4) {
              assertThat(answer).extracting(Related::block).contains(edge.to());
            }
          });
          for (Related related : answer) {
            double share =
                counts.getOrDefault(new ExactCounts.Edge(related.block(), Kind.NEXT), 0.0) / uses;
            assertThat(related.weight())
                .isBetween(share - 1e-4, share + 1.0 / CoAccessGraph.EDGES_OF_A_BLOCK + 1e-4);
          }
        });
  }

  @Test
  void pastTheBoundNothingIsAnsweredThatWasNotLearntInTheSameDomain() {
    Seeds.forAll(
        30,
        random -> {
          int bound = CoAccessGraph.LEAST_BOUND + random.nextInt(40);
          CoAccess learnt = coAccess(bound);
          ExactCounts exact = new ExactCounts(HALF_LIFE.toMillis());
          Forest forest = new Forest(random, 12);
          for (int i = 0; i < 400; i++) {
            clock.advance(Duration.ofSeconds(random.nextInt(600)));
            String domain = random.nextBoolean() ? HERE : THERE;
            String session = "s" + random.nextInt(3);
            List<BlockHash> context = forest.context();
            learnt.note(domain, session, context);
            exact.note(domain, session, context, clock.millis());
            assertThat(learnt.edges()).isLessThanOrEqualTo(bound);
            assertThat(learnt.blocks()).isLessThanOrEqualTo(2 * bound);
          }
          Set<BlockHash> answered = new HashSet<>();
          for (String domain : List.of(HERE, THERE)) {
            for (BlockHash block : forest.all()) {
              for (Related related : learnt.related(domain, block, CoAccess.MAX_RELATED)) {
                assertThat(exact.related(domain, block, clock.millis()))
                    .containsKey(related.block());
                answered.add(related.block());
              }
            }
          }
          assertThat(answered).isNotEmpty();
        });
  }

  @Test
  void whatOneDomainWasToldAnotherIsNotAnswered() {
    coAccess.note(HERE, "s", context(0, 1, 2));
    assertThat(coAccess.related(THERE, blocks.get(0), 9)).isEmpty();
    coAccess.note(THERE, "s", context(0, 3));
    assertThat(coAccess.related(THERE, blocks.get(0), 9)).containsExactly(related(3, Kind.NEXT, 1));
    assertThat(coAccess.related(HERE, blocks.get(0), 1)).containsExactly(related(1, Kind.NEXT, 1));
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> coAccess(CoAccessGraph.LEAST_BOUND - 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CoAccess(MANY, Duration.ZERO, clock, new Random(1)))
        .isInstanceOf(IllegalArgumentException.class);
    for (int k : new int[] {-1, 0, 101}) {
      assertThatThrownBy(() -> coAccess.related(HERE, blocks.get(0), k))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Contexts as they are: ways from a root in trees in which a block has one parent. */
  private static final class Forest {

    private final RandomGenerator random;
    private final List<List<BlockHash>> contexts = new ArrayList<>();
    private final int mostChildren;
    private final int[] children = new int[10_000];

    private Forest(RandomGenerator random, int mostChildren) {
      this.random = random;
      this.mostChildren = mostChildren;
      contexts.add(List.of());
    }

    /** One that was there, one block longer or another one. */
    private List<BlockHash> context() {
      int chosen = random.nextInt(contexts.size());
      if (chosen > 0 && (random.nextInt(3) == 0 || children[chosen] == mostChildren)) {
        return contexts.get(chosen);
      }
      children[chosen]++;
      List<BlockHash> longer = new ArrayList<>(contexts.get(chosen));
      longer.add(Seeds.hash(random));
      contexts.add(List.copyOf(longer));
      return contexts.getLast();
    }

    private List<BlockHash> all() {
      return contexts.stream().skip(1).map(List::getLast).toList();
    }
  }
}
