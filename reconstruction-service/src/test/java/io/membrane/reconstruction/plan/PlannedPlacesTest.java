package io.membrane.reconstruction.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.Miss;
import io.membrane.wire.Miss.MissReason;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.Segment;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which places a plan reuses blocks of, and names. */
class PlannedPlacesTest {

  @Test
  void theLocationsOfASegmentHoldAllOfIt() {
    Prompt prompt = prompt(4, 18);
    Stored stored =
        Stored.named(
            List.of(
                new Match("a", "long", "redis", 3, 12), new Match("a", "short", "redis", 1, 4)));

    List<Segment> segments = Planner.withoutPrefill(prompt, stored).segments();

    assertThat(segments.getFirst().locations()).containsExactly(new Location("a", "long", "redis"));
    assertThat(segments.get(1).locations()).isEmpty();
    assertThat(segments.getLast().locations()).isEmpty();
  }

  @Test
  void whatOnlyAnEnginesOwnMemoryHoldsIsNotReused() {
    Prompt prompt = prompt(4, 18);
    Stored stored =
        Stored.named(
            List.of(
                new Match("a", "engine", "gpu", 4, 16),
                new Match("a", "engine", "cpu", 3, 12),
                new Match("a", "store", "redis", 1, 4),
                new Match("b", "store", "memory", 2, 8)));

    assertThat(stored.anywhere()).isEqualTo(2);
    assertThat(stored.at("a")).isEqualTo(1);
    assertThat(Planner.withoutPrefill(prompt, stored).reusedBlocks()).isEqualTo(2);
  }

  @Test
  void whatOnlyAnotherRegionHoldsIsNotReused() {
    Prompt prompt = prompt(4, 18);
    Stored stored =
        Stored.named(
            List.of(
                new Match("a", "store", "redis", 4, 16, "far", null),
                new Match("a", "store", "redis", 3, 12, "farther", true),
                new Match("a", "store", "redis", 1, 4)));

    assertThat(stored.anywhere()).isEqualTo(1);
    assertThat(stored.at("a")).isEqualTo(1);
    assertThat(Planner.withoutPrefill(prompt, stored).reusedBlocks()).isEqualTo(1);
    assertThat(Stored.isFetchedFrom(new Place("a", "store", "redis", List.of(), "far", null)))
        .isFalse();
    assertThat(Stored.isFetchedFrom(new Place("a", "store", "redis", List.of()))).isTrue();
  }

  @Test
  void whyTheDirectoryNamesNoMoreIsToldOnlyOfTheBlockThatItSpeaksOf() {
    Prompt prompt = prompt(4, 8);
    List<Match> matches =
        List.of(new Match("a", "engine", "gpu", 1, 4), new Match("a", "store", "redis", 1, 4));
    for (int block = 0; block < 2; block++) {
      Miss miss =
          new Miss(
              MissReason.EXPIRED,
              block,
              prompt.blockHashes().get(block),
              0L,
              null,
              List.of(),
              "expired");
      Stored stored = Stored.named(matches, miss);
      assertThat(Planner.withoutPrefill(prompt, stored).steps().getLast().why())
          .isEqualTo("not stored at any place" + (block == 1 ? ": expired" : ""));
    }
  }

  @Test
  void stepsWithAGapAreNoPlan() {
    Prompt prompt = prompt(4, 8);
    Stored stored = Stored.named(List.of());

    List<List<Step>> broken =
        List.of(
            List.of(new Step.Leave(new TokenSpan(4, 8), "no begin")),
            List.of(new Step.Leave(new TokenSpan(0, 4), "no end")),
            List.of(
                new Step.Leave(new TokenSpan(0, 4), "a hole"),
                new Step.Fetch(new TokenSpan(4, 8), null, "behind a hole")));
    for (List<Step> steps : broken) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Plan(prompt, stored, Supply.NONE, steps, Choice.of("a test")));
    }
  }

  private static Prompt prompt(int blockTokens, int total) {
    RandomGenerator random = new Random(1);
    return new Prompt(
        total,
        blockTokens,
        Stream.generate(() -> Seeds.hash(random)).limit(total / blockTokens).toList());
  }
}
