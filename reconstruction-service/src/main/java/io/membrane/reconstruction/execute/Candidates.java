package io.membrane.reconstruction.execute;

import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.Shifted.ShiftedBlock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds stored blocks of a prompt's tokens behind other tokens. A search that fails finds nothing.
 * Thread-safe.
 */
final class Candidates {

  private static final Logger log = LoggerFactory.getLogger(Candidates.class);

  /** Blocks of one prompt that are looked for, the first ones. */
  static final int MOST = 512;

  private static final int AT_ONCE = 8;
  private static final int K = 10;

  private final DirectoryClient directory;

  Candidates(DirectoryClient directory) {
    this.directory = directory;
  }

  /** What was found for each block from {@code first} on; blocks without anything are not there. */
  Map<Integer, List<Found>> find(Task task, int first) {
    int end = Math.min(task.prompt().blocks(), first + MOST);
    Map<Integer, Future<List<Found>>> searches = new LinkedHashMap<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      IntStream.range(first, end)
          .forEach(block ->
              searches.put(block, threads.submit(CallContext.carry(() -> search(task, block)))));
    }
    CallContext.checkDeadline("the search for blocks at other places");
    Map<Integer, List<Found>> found = new LinkedHashMap<>();
    searches.forEach((block, search) -> {
      if (search.state() == Future.State.SUCCESS && !search.resultNow().isEmpty()) {
        found.put(block, search.resultNow());
      }
    });
    return found;
  }

  private List<Found> search(Task task, int block) {
    SearchRequest request =
        new SearchRequest(
            NamespaceRequest.of(task.namespace()), null, task.block(block), null, null, K);
    try {
      return Answers.found(directory.search(request)).matches();
    } catch (MembraneException e) {
      log.warn("block {} is not looked for at other places: {}", block, e.detail());
      return List.of();
    }
  }

  /**
   * The blocks that a cluster can fetch: of several the one that continues the block before, whose
   * tokens it was computed behind, and else the first.
   *
   * @param same by {@link #find}
   * @param similar blocks of similar tokens, for other blocks of the prompt
   * @param first leading blocks that are reused exactly
   */
  static List<ShiftedBlock> at(
      String cluster,
      Slice slice,
      int blockTokens,
      int first,
      Map<Integer, List<Found>> same,
      Map<Integer, List<Found>> similar) {
    List<ShiftedBlock> blocks = new ArrayList<>();
    SortedMap<Integer, List<Found>> found = new TreeMap<>(similar);
    found.putAll(same);
    found.forEach((block, places) -> {
      List<Found> fit =
          places.stream()
              .filter(f -> block >= first && isWhole(f.tokenSpan(), blockTokens))
              .filter(f -> f.places().stream().anyMatch(place -> has(place, cluster, slice)))
              .toList();
      if (!fit.isEmpty()) {
        TokenSpan span = new TokenSpan(block * blockTokens, (block + 1) * blockTokens);
        Found source = preferred(fit, blocks.isEmpty() ? null : blocks.getLast(), span);
        blocks.add(
            same.containsKey(block)
                ? new ShiftedBlock(span, source.blockHash(), source.tokenSpan().from())
                : approximate(span, source));
      }
    });
    return blocks;
  }

  private static ShiftedBlock approximate(TokenSpan span, Found source) {
    double similarity = Math.clamp(source.similarity(), -1, 1);
    return new ShiftedBlock(span, source.blockHash(), source.tokenSpan().from(), true, similarity);
  }

  private static boolean isWhole(TokenSpan span, int blockTokens) {
    return span.length() == blockTokens && span.from() % blockTokens == 0;
  }

  private static boolean has(Place place, String cluster, Slice slice) {
    return place.cluster().equals(cluster)
        && Stored.isFetchedFrom(place)
        && place.slices().contains(slice);
  }

  private static Found preferred(List<Found> fit, @Nullable ShiftedBlock before, TokenSpan span) {
    int next =
        before == null || before.tokenSpan().to() != span.from()
            ? -1
            : before.sourceFrom() + span.length();
    return fit.stream()
        .filter(f -> f.tokenSpan().from() == next)
        .findFirst()
        .orElse(fit.getFirst());
  }
}
