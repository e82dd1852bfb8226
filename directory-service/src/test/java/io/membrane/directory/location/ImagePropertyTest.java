package io.membrane.directory.location;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ImagePropertyTest {

  private static final List<BlockHash> CHAIN = Entries.chain(6);
  private static final List<Slice> SLICES =
      List.of(
          Entries.ATTENTION,
          Slice.parse("attn.32-63.0of1"),
          Entries.STATE,
          Slice.parse("state.32-63.0of1"));
  private static final List<String> NODES = List.of("n0", "n1", "n2");
  private static final List<String> TIERS = List.of("gpu", "memory");

  @Test
  void anyHistoryIsAnsweredAsTheOracleDoes() {
    Seeds.forAll(
        150,
        random -> {
          TestClock clock = new TestClock();
          Image image = new Image(100, clock);
          NaiveDirectory oracle = new NaiveDirectory();
          Numbers numbers = new Numbers();
          List<LogEntry> history = new ArrayList<>();
          for (int step = 0; step < 120; step++) {
            LogEntry entry = numbers.entry(random, event(random, clock));
            history.add(entry);
            image.apply(entry);
            oracle.apply(entry);
            if (random.nextInt(10) == 0) {
              clock.advance(Duration.ofSeconds(1));
            }
            if (random.nextInt(30) == 0) {
              image.dropExpired();
            }
            compare(image, oracle, needs(random), clock.millis());
          }
          Image replayed = new Image(100, clock);
          history.forEach(replayed::apply);
          compare(replayed, oracle, needs(random), clock.millis());
          image.dropExpired();
          replayed.dropExpired();
          assertThat(image.nodes()).isEqualTo(oracle.nodes(clock.millis()));
          assertThat(replayed.copies()).isEqualTo(image.copies());
          assertThat(replayed.blocks()).isEqualTo(image.blocks());
        });
  }

  private static void compare(Image image, NaiveDirectory oracle, Set<Slice> needs, long nowMs) {
    assertThat(image.match(CHAIN, needs, 16).matches())
        .as("match with needs %s", needs)
        .isEqualTo(oracle.match(CHAIN, needs, nowMs));
    for (BlockHash hash : CHAIN) {
      assertThat(image.places(hash)).isEqualTo(oracle.places(hash, nowMs));
    }
  }

  private static Event event(RandomGenerator random, TestClock clock) {
    int block = random.nextInt(CHAIN.size());
    Slice slice = SLICES.get(random.nextInt(SLICES.size()));
    String tier = TIERS.get(random.nextInt(TIERS.size()));
    int kind = random.nextInt(100);
    if (kind < 78) {
      Long end = random.nextInt(4) == 0 ? clock.millis() + random.nextInt(4000) : null;
      return Entries.stored(CHAIN, block, slice, tier, end);
    }
    if (kind < 98) {
      return Entries.removed(
          CHAIN.get(block),
          random.nextBoolean() ? slice : null,
          random.nextBoolean() ? tier : null);
    }
    return Entries.cleared();
  }

  private static Set<Slice> needs(RandomGenerator random) {
    Set<Slice> needs = new HashSet<>();
    for (Slice slice : SLICES) {
      if (random.nextInt(3) == 0) {
        needs.add(slice);
      }
    }
    return needs;
  }

  /** Numbers the events of n1 and n2, with repeats and restarts; n0 is a shared store. */
  private static final class Numbers {
    private final Map<String, long[]> next = new HashMap<>();

    LogEntry entry(RandomGenerator random, Event event) {
      String node = NODES.get(random.nextInt(NODES.size()));
      if (node.equals("n0")) {
        return Entries.entry(node, event);
      }
      long[] at = next.computeIfAbsent(node, n -> new long[] {1, 0});
      int luck = random.nextInt(40);
      if (luck == 0) {
        at[0]++;
        at[1] = 0;
      }
      if (luck == 1 && at[1] > 0) {
        return Entries.entry(node, at[0], random.nextLong(at[1]), event);
      }
      if (luck == 2) {
        return Entries.entry(node, at[0] - 1, at[1], event);
      }
      return Entries.entry(node, at[0], at[1]++, event);
    }
  }
}
