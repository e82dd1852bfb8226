package io.membrane.directory.indexer;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.directory.location.Image;
import io.membrane.rpc.CallContext;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * How much of a prompt instances hold, in the shapes in which indexers say so. Of this region's
 * nodes those that hold some of it in an engine's tier. For one answer.
 */
public final class Overlaps {

  private static final int BLOCKS_BETWEEN_DEADLINE_CHECKS = 1024;

  private final SortedMap<String, SortedMap<Integer, Reach>> instances = new TreeMap<>();

  /**
   * An instance in Mooncake's shape.
   *
   * @param ranks tokens that each rank has in any tier
   */
  public record MooncakeInstance(
      long longestMatched,
      @JsonProperty("GPU") long gpu,
      @JsonProperty("DP") Map<Integer, Long> ranks,
      @JsonProperty("CPU") long cpu,
      @JsonProperty("DISK") long disk) {}

  /**
   * An instance in Dynamo's shape.
   *
   * @param dp tokens that each rank has in its GPU
   */
  public record DynamoInstance(
      long longestMatched, long gpu, Map<Integer, Long> dp, long cpu, long disk) {}

  /**
   * Dynamo's answer; instances are called by their {@link Rank#id}.
   *
   * @param scores tokens in the GPU, by instance and rank
   * @param frequencies how often blocks were asked for of late; nobody counts that, so none
   */
  public record DynamoAnswer(
      Map<String, Map<Integer, Long>> scores,
      List<Long> frequencies,
      Map<String, DynamoInstance> instances) {}

  /** A node's name is its own within its cluster. */
  private record Node(String cluster, String name) {}

  /** Names an engine that may hold nothing. */
  public void add(Rank rank, Reach reach) {
    instances
        .computeIfAbsent(rank.instance(), i -> new TreeMap<>())
        .merge(rank.number(), reach, Reach::or);
  }

  /**
   * Adds what a match found.
   *
   * @param image what was asked
   * @param domain the sharing domain in which it was asked
   * @throws io.membrane.rpc.MembraneException if the caller's deadline passes meanwhile
   */
  public void add(MatchResponse match, Image image, String domain) {
    Map<Node, Integer> gpu = new HashMap<>();
    Map<Node, Integer> either = new LinkedHashMap<>();
    for (Match at : match.matches()) {
      if (at.region() == null && Tiers.isOfEngine(at.tier())) {
        Node node = new Node(at.cluster(), at.node());
        if (at.tier().equals(Tiers.GPU)) {
          gpu.put(node, at.matchedBlocks());
        }
        either.merge(node, Tiers.isGpuOrCpu(at.tier()) ? at.matchedBlocks() : 0, Math::max);
      }
    }
    Map<Integer, List<Place>> places = new HashMap<>();
    for (NodeMatch at : match.nodes()) {
      Node node = new Node(at.cluster(), at.node());
      Integer blocks = at.region() == null ? either.get(node) : null;
      if (blocks == null) {
        continue;
      }
      int cpu = blocks;
      while (cpu < at.matchedBlocks() && isNear(node, places(match, cpu, places, image, domain))) {
        cpu++;
      }
      long size = match.blockTokens();
      add(
          Rank.of(node.name()),
          new Reach(size * gpu.getOrDefault(node, 0), size * cpu, size * at.matchedBlocks()));
    }
  }

  private static List<Place> places(
      MatchResponse match, int block, Map<Integer, List<Place>> known, Image image, String domain) {
    if (block % BLOCKS_BETWEEN_DEADLINE_CHECKS == 0) {
      CallContext.checkDeadline("the query");
    }
    BlockHash hash = match.blockHashes().get(block);
    return known.computeIfAbsent(block, b -> image.places(hash, domain));
  }

  private static boolean isNear(Node node, List<Place> places) {
    return places.stream()
        .anyMatch(place ->
            place.region() == null
                && place.node().equals(node.name())
                && place.cluster().equals(node.cluster())
                && Tiers.isGpuOrCpu(place.tier())
                && place.slices().stream().anyMatch(s -> s.kind() == Slice.Kind.ATTN));
  }

  /** Leaves out all instances but one. */
  public void keepOnly(String called) {
    instances.keySet().removeIf(instance -> !new Rank(instance, 0).isOf(called));
  }

  /** By instance. */
  public Map<String, MooncakeInstance> mooncake() {
    Map<String, MooncakeInstance> answer = new LinkedHashMap<>();
    instances.forEach((instance, ranks) -> {
      Reach all = all(ranks);
      answer.put(
          instance,
          new MooncakeInstance(
              all.disk(), all.gpu(), each(ranks, Reach::disk), all.cpu(), all.disk()));
    });
    return answer;
  }

  /** All of Dynamo's answer. */
  public DynamoAnswer dynamo() {
    Map<String, Map<Integer, Long>> scores = new LinkedHashMap<>();
    Map<String, DynamoInstance> tiers = new LinkedHashMap<>();
    instances.forEach((instance, ranks) -> {
      String id = Rank.id(instance).toString();
      Reach all = all(ranks);
      Map<Integer, Long> gpu = each(ranks, Reach::gpu);
      scores.put(id, gpu);
      tiers.put(id, new DynamoInstance(all.disk(), all.gpu(), gpu, all.cpu(), all.disk()));
    });
    return new DynamoAnswer(scores, List.of(), tiers);
  }

  private static Reach all(Map<Integer, Reach> ranks) {
    return ranks.values().stream().reduce(Reach.NONE, Reach::or);
  }

  private static Map<Integer, Long> each(Map<Integer, Reach> ranks, ToLongFunction<Reach> tokens) {
    Map<Integer, Long> each = new LinkedHashMap<>();
    ranks.forEach((rank, reach) -> each.put(rank, tokens.applyAsLong(reach)));
    return each;
  }
}
