package io.membrane.worker.publish;

import io.membrane.block.TokenSpan;
import io.membrane.rpc.CallContext;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.NamespaceRequest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the directory what new blocks are about, by tokens and embedding, after the prefill has
 * stored them and without its waiting. One thread tells; blocks past the limit, and those that the
 * directory does not take, are counted and left out: they are found by their hashes all the same.
 * Thread-safe.
 */
public final class BlockDescriptions implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BlockDescriptions.class);

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int BYTES_PER_CALL = 8 << 20;

  /** Most characters of a float or of a token id in JSON, with its comma. */
  private static final int CHARACTERS = 14;

  private record Batch(String tenant, List<Description> blocks) {}

  private final ServedModel served;
  private final DirectoryClient directory;
  private final int limit;
  private final Semaphore room;
  private final BlockingQueue<Batch> waiting = new LinkedBlockingQueue<>();
  private final Counter sent;
  private final Counter failed;
  private final Counter dropped;
  private final @Nullable Thread thread;
  private boolean isFailing;

  /**
   * Begins to tell.
   *
   * @param limit blocks that may wait; 0 if nothing is to be told
   */
  public BlockDescriptions(
      ServedModel served, DirectoryClient directory, int limit, MeterRegistry meters) {
    this.served = served;
    this.directory = directory;
    this.limit = limit;
    this.room = new Semaphore(limit);
    this.sent = meters.counter(WorkerMetric.DESCRIBED.metric(), "outcome", "sent");
    this.failed = meters.counter(WorkerMetric.DESCRIBED.metric(), "outcome", "failed");
    this.dropped = meters.counter(WorkerMetric.DESCRIBED.metric(), "outcome", "dropped");
    this.thread =
        limit == 0 ? null : Thread.ofPlatform().name("descriptions").daemon().start(this::run);
  }

  /** Whether the directory is to be told at all. */
  boolean areWanted() {
    return limit > 0;
  }

  /**
   * Hands new blocks of the caller's tenant over.
   *
   * @param blocks which of the prompt
   * @param embeddings one for each block
   */
  void offer(Prompt prompt, List<Integer> blocks, List<float[]> embeddings) {
    if (!areWanted()) {
      return;
    }
    int perBlock = CHARACTERS * (served.model().hiddenSize() + prompt.blockTokens());
    int step = Math.clamp(BYTES_PER_CALL / perBlock, 1, DirectoryClient.MAX_DESCRIBED);
    step = Math.min(step, limit);
    for (int from = 0; from < blocks.size(); from += step) {
      int to = Math.min(blocks.size(), from + step);
      if (room.tryAcquire(to - from)) {
        waiting.add(batch(prompt, blocks.subList(from, to), embeddings.subList(from, to)));
      } else {
        dropped.increment(to - from);
      }
    }
  }

  private static Batch batch(Prompt prompt, List<Integer> blocks, List<float[]> embeddings) {
    List<Description> descriptions = new ArrayList<>(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      TokenSpan span = prompt.span(blocks.get(i));
      descriptions.add(
          new Description(
              prompt.chain().get(blocks.get(i)),
              prompt.tokens().slice(span.from(), span.to()),
              null,
              isFinite(embeddings.get(i)) ? embeddings.get(i) : null));
    }
    return new Batch(CallContext.tenantOfCall(), descriptions);
  }

  /** What overflowed points nowhere; the tokens are told all the same. */
  private static boolean isFinite(float[] embedding) {
    for (float value : embedding) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private void run() {
    try {
      while (true) {
        Batch batch = waiting.take();
        try {
          tell(batch);
        } finally {
          room.release(batch.blocks().size());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(Batch batch) throws InterruptedException {
    DescribeRequest request =
        new DescribeRequest(NamespaceRequest.of(served.namespace()), batch.blocks());
    try {
      CallContext.of(batch.tenant(), PATIENCE).call(() -> directory.describe(request));
      sent.increment(batch.blocks().size());
      isFailing = false;
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      failed.increment(batch.blocks().size());
      if (!isFailing) {
        log.warn("new blocks cannot be described to the directory: {}", e.getMessage());
      }
      isFailing = true;
    }
  }

  /** Leaves what still waits. */
  @Override
  public void close() {
    if (thread != null) {
      thread.interrupt();
    }
  }
}
