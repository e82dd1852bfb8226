package io.membrane.reconstruction.execute;

import io.membrane.block.Tokens;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.NamespaceRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Finds stored blocks whose embeddings point nearly where those of a prompt's blocks do: each block
 * is embedded by itself, by a worker, and looked for in the directory. The clients should be its
 * own, so that no prefill and no match meets a breaker that this has opened. Thread-safe.
 */
final class SimilarBlocks {

  private static final int AT_ONCE = 8;
  private static final int K = 4;

  /**
   * What a search gave.
   *
   * @param embeddings one for each block that was looked for; empty if there are none
   * @param found by block of the prompt, the most similar first; others are not there
   * @param fault what stood in the way, in words; null if nothing did
   */
  record Search(
      List<float[]> embeddings, Map<Integer, List<Found>> found, @Nullable String fault) {}

  private final Map<String, ComputeClient> embedders;
  private final DirectoryClient directory;
  private final ApproximateSettings settings;

  /**
   * @param embedders workers by cluster
   */
  SimilarBlocks(
      Map<String, ComputeClient> embedders,
      DirectoryClient directory,
      ApproximateSettings settings) {
    this.embedders = Map.copyOf(embedders);
    this.directory = directory;
    this.settings = settings;
  }

  /** Looks for blocks of a prompt; never fails, and ends within the patience. */
  Search find(Task task, List<Integer> blocks) {
    try {
      return CallContext.currentOr(settings.patience())
          .within(settings.patience())
          .call(() -> {
            List<float[]> embeddings = embed(task, blocks);
            return search(task, blocks, embeddings);
          });
    } catch (MembraneException e) {
      return new Search(List.of(), Map.of(), e.detail());
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<float[]> embed(Task task, List<Integer> blocks) {
    Served server = task.servers().stream().filter(Served::givesKv).findFirst().orElse(null);
    ComputeClient embedder = server == null ? null : embedders.get(server.cluster().name());
    if (server == null || embedder == null) {
      throw task.view().nobody("blocks have to be embedded");
    }
    List<Tokens> chunks = blocks.stream().map(task::block).toList();
    return Answers.embeddings(
        blocks.size(),
        embedder.embeddings(
            new EmbeddingRequest(server.model().id(), EmbeddingInput.ofTokens(chunks), null)));
  }

  private Search search(Task task, List<Integer> blocks, List<float[]> embeddings) {
    List<Future<List<Found>>> searches = new ArrayList<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      for (float[] embedding : embeddings) {
        searches.add(threads.submit(CallContext.carry(() -> search(task, embedding))));
      }
    }
    Map<Integer, List<Found>> found = new LinkedHashMap<>();
    String fault = null;
    for (int i = 0; i < searches.size(); i++) {
      Future<List<Found>> search = searches.get(i);
      if (search.state() != Future.State.SUCCESS) {
        fault = said(search.exceptionNow());
      } else if (!search.resultNow().isEmpty()) {
        found.put(blocks.get(i), search.resultNow());
      }
    }
    return new Search(embeddings, found, fault);
  }

  private List<Found> search(Task task, float[] embedding) {
    SearchRequest request =
        new SearchRequest(NamespaceRequest.of(task.namespace()), null, null, null, embedding, K);
    return Answers.found(directory.search(request)).matches().stream()
        .filter(found -> found.similarity() >= settings.leastSimilarity())
        .toList();
  }

  private static String said(Throwable fault) {
    if (fault instanceof MembraneException e) {
      return e.detail();
    }
    throw new IllegalStateException(fault);
  }
}
