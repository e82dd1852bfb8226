package io.membrane.worker.publish;

import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.Embedding;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.EmbeddingUsage;
import io.membrane.wire.EmbeddingInput;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Embeds chunks of tokens, each by itself from position 0: the mean of its hidden states after the
 * final norm. Waits in the same lane as prompts, as one of them. Thread-safe; blocks until the
 * answer is complete.
 */
public final class ChunkEmbedding {

  private final ServedModel served;
  private final ComputeLane<Prefill> lane;
  private final Timer time;
  private final Counter tokens;

  public ChunkEmbedding(ServedModel served, ComputeLane<Prefill> lane, MeterRegistry meters) {
    this.served = served;
    this.lane = lane;
    this.time = meters.timer(WorkerMetric.EMBEDDING.metric());
    this.tokens = meters.counter(WorkerMetric.TOKENS.metric(), "source", "embedding");
  }

  /**
   * Embeds all inputs or none.
   *
   * @throws MembraneException if the request is impossible or the engine fails
   */
  public EmbeddingList embed(EmbeddingRequest request) {
    served.requireNamed(request.model());
    requireDimensions(request);
    if (request.input().size() > ComputeClient.MAX_INPUTS) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "input has %d elements, a request takes %d: send several"
              .formatted(request.input().size(), ComputeClient.MAX_INPUTS));
    }
    List<Tokens> chunks = chunks(request.input());
    int total = computable(chunks);
    ChunkWork work = new ChunkWork(served, chunks);
    List<float[]> embeddings = lane.run(work);
    time.record(work.nanos(), TimeUnit.NANOSECONDS);
    tokens.increment(total);
    return new EmbeddingList(
        "list",
        IntStream.range(0, chunks.size())
            .mapToObj(i -> new Embedding("embedding", i, embeddings.get(i)))
            .toList(),
        served.namespace().model(),
        served.namespace(),
        new EmbeddingUsage(total, total));
  }

  private void requireDimensions(EmbeddingRequest request) {
    int hidden = served.model().hiddenSize();
    if (request.dimensions() != null && request.dimensions() != hidden) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "embeddings of this model have %d dimensions, not %d: leave dimensions out"
              .formatted(hidden, request.dimensions()));
    }
  }

  private List<Tokens> chunks(EmbeddingInput input) {
    for (String text : input.texts()) {
      if (text.length() > ComputeClient.MAX_TEXT) {
        throw new MembraneException(
            ErrorCode.MALFORMED_REQUEST,
            "a text has at most %d characters".formatted(ComputeClient.MAX_TEXT));
      }
    }
    return input.texts().isEmpty()
        ? input.tokens()
        : input.texts().stream().map(text -> served.tokenizer().encode(text, true)).toList();
  }

  /** Tokens of all chunks. */
  private int computable(List<Tokens> chunks) {
    long total = 0;
    for (int i = 0; i < chunks.size(); i++) {
      try {
        served.requireComputable(chunks.get(i));
      } catch (MembraneException e) {
        throw new MembraneException(e.code(), "input[" + i + "]: " + e.getMessage(), e);
      }
      total += chunks.get(i).length();
    }
    if (total > served.maxTokens()) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "input has %d tokens in all, this worker takes %d at once (membrane.worker.max-tokens)"
              .formatted(total, served.maxTokens()));
    }
    return (int) total;
  }
}
