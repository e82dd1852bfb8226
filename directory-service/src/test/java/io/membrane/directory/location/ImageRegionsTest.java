package io.membrane.directory.location;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.ClusterMatch;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Two regions in one image, each answered for as if it were alone. */
class ImageRegionsTest {

  private static final String FAR = "far";
  private static final List<BlockHash> CHAIN = Entries.chain(8);
  private static final List<String> DOMAINS = List.of(Entries.DOMAIN, "tenant:b");

  private final TestClock clock = new TestClock();
  private final Image image = new Image(100, clock);

  @Test
  void eachRegionIsAnsweredAsItsOracleDoes() {
    Seeds.forAll(
        100,
        random -> {
          TestClock time = new TestClock();
          Image both = new Image(100, time);
          Image farAlone = new Image(100, time);
          NaiveDirectory near = new NaiveDirectory();
          NaiveDirectory far = new NaiveDirectory();
          var nearNumbers = new ImagePropertyTest.Numbers();
          var farNumbers = new ImagePropertyTest.Numbers();
          for (int step = 0; step < 150; step++) {
            int luck = random.nextInt(100);
            if (luck < 45) {
              LogEntry entry =
                  nearNumbers.entry(random, ImagePropertyTest.event(random, CHAIN, time));
              both.apply(entry);
              near.apply(entry);
            } else if (luck < 90) {
              LogEntry entry =
                  farNumbers.entry(random, ImagePropertyTest.event(random, CHAIN, time));
              both.apply(FAR, entry);
              farAlone.apply(entry);
              far.apply(entry);
            } else if (luck < 92) {
              both.clear();
              near = new NaiveDirectory();
            } else if (luck < 96) {
              tellAgain(random, farAlone, both);
            } else if (luck < 98) {
              both.sweep(random.nextInt(10));
            } else {
              time.advance(Duration.ofMillis(700));
            }
            if (step % 5 == 0) {
              compare(both, null, near, time.millis());
              compare(both, FAR, far, time.millis());
            }
          }
          both.sweep(Integer.MAX_VALUE);
          assertThat(both.copies())
              .isEqualTo(near.copies(time.millis()) + far.copies(time.millis()));
          assertThat(both.nodes()).isEqualTo(near.nodes(time.millis()) + far.nodes(time.millis()));
        });
  }

  /** As the feed does after a reset; now and then it breaks off and begins again. */
  private static void tellAgain(RandomGenerator random, Image from, Image to) {
    to.beginAgain(FAR);
    if (random.nextBoolean()) {
      tell(from, to, random.nextInt(6));
      to.beginAgain(FAR);
    }
    from.localProgress()
        .forEach(
            (s, reached) -> to.adopt(new Source(FAR, s.cluster(), s.node(), s.domain()), reached));
    tell(from, to, Integer.MAX_VALUE);
    to.complete(FAR);
  }

  private static void tell(Image from, Image to, int most) {
    List<LogEntry> told = new ArrayList<>();
    from.forEach(block -> block.copies().forEach(copy -> told.add(entryOf(block, copy))));
    told.stream().limit(most).forEach(entry -> to.apply(FAR, entry));
  }

  private static LogEntry entryOf(KnownBlock block, KnownBlock.Copy copy) {
    Source source = copy.place().source();
    return new LogEntry(
        source.node(),
        source.cluster(),
        source.domain(),
        null,
        null,
        new Event(
            EventType.STORED,
            block.namespace(),
            block.hash(),
            block.parent(),
            copy.slice(),
            copy.bytes(),
            copy.place().tier(),
            block.tokenSpan(),
            copy.expiresAtMs() == Long.MAX_VALUE ? null : Long.valueOf(copy.expiresAtMs())));
  }

  private static void compare(
      Image image, @Nullable String region, NaiveDirectory oracle, long nowMs) {
    for (String domain : DOMAINS) {
      MatchResponse answer = image.match(CHAIN, Set.of(), 16, domain);
      assertThat(
              answer.matches().stream()
                  .filter(m -> Objects.equals(region, m.region()))
                  .map(m ->
                      new Match(
                          m.cluster(), m.node(), m.tier(), m.matchedBlocks(), m.matchedTokens())))
          .isEqualTo(oracle.match(CHAIN, Set.of(), domain, nowMs));
      assertThat(
              answer.nodes().stream()
                  .filter(m -> Objects.equals(region, m.region()))
                  .map(m ->
                      new NodeMatch(m.cluster(), m.node(), m.matchedBlocks(), m.matchedTokens())))
          .isEqualTo(oracle.matchOfNodes(CHAIN, Set.of(), domain, nowMs));
      assertThat(
              answer.clusters().stream()
                  .filter(m -> Objects.equals(region, m.region()))
                  .map(m -> new ClusterMatch(m.cluster(), m.matchedBlocks(), m.matchedTokens())))
          .isEqualTo(oracle.matchOfClusters(CHAIN, Set.of(), domain, nowMs));
      for (BlockHash hash : CHAIN) {
        assertThat(
                image.places(hash, domain).stream()
                    .filter(p -> Objects.equals(region, p.region()))
                    .map(p -> new Place(p.cluster(), p.node(), p.tier(), p.slices())))
            .isEqualTo(oracle.places(hash, domain, nowMs));
      }
    }
  }

  @Test
  void whatIsToldAgainIsBesideWhatWasKnownUntilAllIsTold() {
    image.apply(FAR, entry("n", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(FAR, entry("n", stored(CHAIN, 1, ATTENTION, "memory")));

    image.beginAgain(FAR);
    image.apply(FAR, entry("n", stored(CHAIN, 0, ATTENTION, "memory")));

    assertThat(image.match(CHAIN, Set.of(), 16, DOMAIN).matches())
        .containsExactly(new Match("c1", "n", "memory", 2, 32, FAR, null));
    image.complete(FAR);
    assertThat(image.match(CHAIN, Set.of(), 16, DOMAIN).matches())
        .containsExactly(new Match("c1", "n", "memory", 1, 16, FAR, null));
  }

  @Test
  void ofEqualRunsThatOfThisRegionComesFirst() {
    image.apply("a-region", entry("a", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(entry("z", stored(CHAIN, 0, ATTENTION, "memory")));

    assertThat(image.match(CHAIN, Set.of(), 16, DOMAIN).best())
        .isEqualTo(new Match("c1", "z", "memory", 1, 16));
  }

  @Test
  void aNodeOfTheSameNameElsewhereIsAnotherOne() {
    image.apply(entry("n", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(FAR, entry("n", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(FAR, entry("n", 1, 0, stored(CHAIN, 1, ATTENTION, "memory")));

    assertThat(image.places(CHAIN.getFirst(), DOMAIN))
        .containsExactly(new Place("c1", "n", "memory", List.of(ATTENTION)));
    assertThat(image.progress("c1", "n", DOMAIN)).isNull();
  }

  @Test
  void placesOfARegionThatIsNotHeardOfAreCalledStale() {
    image.apply(entry("n", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(FAR, entry("n", stored(CHAIN, 0, ATTENTION, "memory")));
    image.staleWhen(FAR::equals);

    MatchResponse answer = image.match(CHAIN, Set.of(), 16, DOMAIN);

    assertThat(answer.matches().getLast())
        .isEqualTo(new Match("c1", "n", "memory", 1, 16, FAR, true));
    assertThat(answer.matches().getFirst()).isEqualTo(new Match("c1", "n", "memory", 1, 16));
    assertThat(answer.nodes().getLast().stale()).isTrue();
    assertThat(answer.clusters().getLast().stale()).isTrue();
    assertThat(image.places(CHAIN.getFirst(), DOMAIN))
        .containsExactly(
            new Place("c1", "n", "memory", List.of(ATTENTION)),
            new Place("c1", "n", "memory", List.of(ATTENTION), FAR, true));
  }
}
