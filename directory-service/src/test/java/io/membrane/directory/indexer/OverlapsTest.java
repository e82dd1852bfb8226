package io.membrane.directory.indexer;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.directory.indexer.Overlaps.DynamoInstance;
import io.membrane.directory.indexer.Overlaps.MooncakeInstance;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.fixture.Seeds;
import io.membrane.wire.LogEntry;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OverlapsTest {

  private static final int BLOCK = 16;
  private static final Slice SLICE = Slice.attention(2);
  private static final List<String> NODES = List.of("w", "w:dp1", "17", "store");
  private static final List<String> TIERS = List.of("gpu", "cpu", "disk", "object", "redis");

  /** Which blocks of a chain lie where. */
  private static final class Held {

    private final Map<String, Set<Integer>> byNodeAndTier = new HashMap<>();

    void put(String node, String tier, int block) {
      byNodeAndTier.computeIfAbsent(node + " " + tier, k -> new HashSet<>()).add(block);
    }

    boolean isAt(String node, int block, List<String> tiers) {
      return tiers.stream()
          .anyMatch(
              tier -> byNodeAndTier.getOrDefault(node + " " + tier, Set.of()).contains(block));
    }

    long run(String node, List<String> tiers) {
      int blocks = 0;
      while (isAt(node, blocks, tiers)) {
        blocks++;
      }
      return (long) BLOCK * blocks;
    }

    /** An instance is whoever holds the first block in a tier that is not the store's. */
    Map<String, Map<Integer, Reach>> instances() {
      Map<String, Map<Integer, Reach>> instances = new TreeMap<>();
      for (String node : NODES) {
        if (isAt(node, 0, List.of("gpu", "cpu", "disk", "object"))) {
          Reach reach =
              new Reach(
                  run(node, List.of("gpu")), run(node, List.of("gpu", "cpu")), run(node, TIERS));
          Rank rank = Rank.of(node);
          instances
              .computeIfAbsent(rank.instance(), i -> new TreeMap<>())
              .put(rank.number(), reach);
        }
      }
      return instances;
    }
  }

  @Test
  void tiersAreCountedTogetherAsAnOracleCountsThem() {
    Seeds.forAll(
        200,
        random -> {
          List<BlockHash> chain = Entries.chain(1 + random.nextInt(12));
          Image image = new Image(1_000, Clock.systemUTC());
          Held held = new Held();
          for (String node : NODES) {
            for (String tier : TIERS) {
              boolean isDense = random.nextBoolean();
              for (int block = 0; block < chain.size(); block++) {
                if (random.nextInt(10) < (isDense ? 9 : 4)) {
                  image.apply(Entries.entry(node, Entries.stored(chain, block, SLICE, tier)));
                  held.put(node, tier, block);
                } else if (random.nextInt(4) == 0) {
                  image.apply(
                      Entries.entry(node, Entries.stored(chain, block, Entries.STATE, tier)));
                }
              }
            }
          }
          Overlaps overlaps = new Overlaps();
          overlaps.add(image.match(chain, Set.of(), BLOCK, Entries.DOMAIN), image, Entries.DOMAIN);
          assertSame(overlaps, held.instances());
        });
  }

  private static void assertSame(Overlaps overlaps, Map<String, Map<Integer, Reach>> expected) {
    Map<String, MooncakeInstance> mooncake = overlaps.mooncake();
    Map<String, DynamoInstance> dynamo = overlaps.dynamo().instances();
    assertThat(mooncake.keySet()).isEqualTo(expected.keySet());
    assertThat(dynamo).hasSize(expected.size());
    expected.forEach((instance, ranks) -> {
      Map<Integer, Long> any = new TreeMap<>();
      Map<Integer, Long> gpu = new TreeMap<>();
      ranks.forEach((rank, reach) -> {
        any.put(rank, reach.disk());
        gpu.put(rank, reach.gpu());
      });
      Reach all = ranks.values().stream().reduce(Reach.NONE, Reach::or);
      assertThat(Objects.requireNonNull(mooncake.get(instance)))
          .isEqualTo(new MooncakeInstance(all.disk(), all.gpu(), any, all.cpu(), all.disk()));
      String id = Rank.id(instance).toString();
      assertThat(Objects.requireNonNull(dynamo.get(id)))
          .isEqualTo(new DynamoInstance(all.disk(), all.gpu(), gpu, all.cpu(), all.disk()));
      assertThat(overlaps.dynamo().scores().get(id)).isEqualTo(gpu);
    });
  }

  @Test
  void anotherRegionsNodesAreNoInstances() {
    List<BlockHash> chain = Entries.chain(1);
    Image image = new Image(10, Clock.systemUTC());
    LogEntry stored = Entries.entry("w", Entries.stored(chain, 0, SLICE, "gpu"));
    image.apply("far", stored);
    Overlaps overlaps = new Overlaps();
    overlaps.add(image.match(chain, Set.of(), BLOCK, Entries.DOMAIN), image, Entries.DOMAIN);
    assertThat(overlaps.mooncake()).isEmpty();
    overlaps.add(Rank.of("w"), Reach.NONE);
    assertThat(overlaps.mooncake()).containsOnlyKeys("w");
    overlaps.keepOnly("v");
    assertThat(overlaps.mooncake()).isEmpty();
  }
}
