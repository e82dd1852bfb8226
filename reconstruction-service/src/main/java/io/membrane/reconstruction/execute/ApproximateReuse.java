package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.rpc.CallContext;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ApproximateReport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * What is done where a request may reuse approximately: similar blocks are looked for, brought into
 * memory behind the back of the call, and handed on as candidates. Whatever fails of it leaves the
 * context exact, and is said and counted. Thread-safe.
 */
public final class ApproximateReuse {

  private final SimilarBlocks similarBlocks;
  private final Prefetching prefetching;
  private final ApproximateSettings settings;
  private final LongAdder failed = new LongAdder();

  /**
   * @param embedders workers that embed, by cluster
   * @param prefetching brings blocks into memory
   */
  public ApproximateReuse(
      Map<String, ComputeClient> embedders,
      DirectoryClient directory,
      Prefetching prefetching,
      ApproximateSettings settings) {
    this.similarBlocks = new SimilarBlocks(embedders, directory, settings);
    this.prefetching = prefetching;
    this.settings = settings;
  }

  /** Searches that failed, in part or as a whole. */
  public long failed() {
    return failed.sum();
  }

  /** Share of a similar block's tokens that have to be the prompt's. */
  double leastEqual() {
    return settings.leastEqual();
  }

  /**
   * Looks for blocks that are similar to those of a prompt that are not stored. Where nothing is to
   * be computed, that happens behind the back of the call, and serves to prefetch alone.
   *
   * @param same blocks of the prompt whose very tokens are stored elsewhere
   */
  Similar look(Task task, Stored stored, Set<Integer> same) {
    List<Integer> blocks =
        IntStream.range(stored.anywhere(), task.prompt().blocks())
            .filter(block -> !same.contains(block))
            .limit(settings.maxBlocks())
            .boxed()
            .toList();
    if (task.isHybrid()) {
      return nothing(
          List.of(), "a hybrid model's states know every token before them: exact reuse alone");
    }
    if (blocks.isEmpty()) {
      return nothing(blocks, "every block is stored, or its tokens are stored at another place");
    }
    if (!task.wish().prefill()) {
      prefetching.similar(() -> hashes(find(task, blocks).found()));
      return nothing(
          blocks, "on_miss is report: similar blocks are only prefetched, and nobody waits for it");
    }
    SimilarBlocks.Search search = find(task, blocks);
    CallContext.checkDeadline("the search for similar blocks");
    List<BlockHash> hashes = hashes(search.found());
    if (!hashes.isEmpty()) {
      prefetching.similar(() -> hashes);
    }
    return new Similar(
        blocks,
        search.embeddings(),
        search.found(),
        report(blocks.size(), search.found().size(), hashes.size(), why(search)));
  }

  private SimilarBlocks.Search find(Task task, List<Integer> blocks) {
    SimilarBlocks.Search search = similarBlocks.find(task, blocks);
    failed.add(search.fault() == null ? 0 : 1);
    return search;
  }

  /**
   * Tells the directory what blocks are about that were looked for and then computed exactly, so
   * that they are found the next time; nobody waits for it.
   */
  void describe(Task task, Similar similar) {
    if (similar.embeddings().isEmpty()) {
      return;
    }
    List<Description> chunks =
        IntStream.range(0, similar.blocks().size())
            .mapToObj(i -> {
              int block = similar.blocks().get(i);
              BlockHash hash = task.prompt().blockHashes().get(block);
              return new Description(hash, task.block(block), null, similar.embeddings().get(i));
            })
            .toList();
    prefetching.describe(new DescribeRequest(NamespaceRequest.of(task.namespace()), chunks));
  }

  private String why(SimilarBlocks.Search search) {
    if (search.fault() != null) {
      String rest = search.found().isEmpty() ? "the context is exact" : "others were found";
      return "similar blocks could not be looked for, " + rest + ": " + search.fault();
    }
    return search.found().isEmpty()
        ? "no block that is stored is similar enough"
        : "similar blocks are stored; which of them serve, the segments say";
  }

  private Similar nothing(List<Integer> blocks, String why) {
    return new Similar(blocks, List.of(), Map.of(), report(blocks.size(), 0, 0, why));
  }

  private ApproximateReport report(int searched, int similar, int prefetched, String why) {
    return new ApproximateReport(searched, similar, prefetched, settings.leastSimilarity(), why);
  }

  private static List<BlockHash> hashes(Map<Integer, List<Found>> found) {
    return found.values().stream().flatMap(List::stream).map(Found::blockHash).distinct().toList();
  }
}
