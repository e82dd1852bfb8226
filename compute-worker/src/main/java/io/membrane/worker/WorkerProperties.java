package io.membrane.worker;

import io.membrane.block.Namespace;
import io.membrane.boot.StartupProblem;
import io.membrane.worker.batch.Limits;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What the worker serves and how.
 *
 * @param backend who computes: {@code local}, or one of {@link
 *     io.membrane.worker.provider.wire.Backend}
 * @param model model directory in Hugging Face form; a text, since Spring takes a relative path for
 *     a resource of the web application
 * @param modelId name of the model on the wire; by default the directory's name
 * @param revision revision of the weights; by default a digest of their bytes
 * @param blockTokens tokens per block
 * @param kvDtype element type of stored K and V: f32, bf16 or f16; by default the weights' own
 * @param device auto, cpu or cuda:N; auto takes the first GPU if the engine sees one
 * @param threads threads of the engine; 0 for one per core
 * @param chunkTokens queries that go through the model at once; 0 for the block size, with which a
 *     block has the same bytes behind whatever reused prefix
 * @param batchTokens tokens that go through the model at once, of several prompts; 0 for one chunk
 *     of one prompt. More than a chunk may change the last bits of what is stored
 * @param kvTokens tokens whose KV may be in the engine's memory at once; 0 for twice the longest
 *     prompt's
 * @param queueLimit prompts that may wait while another computes
 * @param queueTokens tokens that may wait
 * @param fetchWindow most bytes of a prompt's reused prefix that are asked for or wait for its
 *     cache
 * @param computeAfter how long a fetch takes at least before an idle engine computes what it brings
 * @param hedgeAfter silence after which a part of a prefix is asked for once more; null to learn it
 * @param hedgeShare of the requests for prefixes that may be sent twice; 0 for none
 * @param profile time in the engine for measuring itself while it is idle after the start; 0 for
 *     none
 * @param maxTokens longest prompt, and most tokens of an embedding request
 * @param describeBlocks whether the directory is told what new blocks are about, by their tokens
 *     and embeddings
 * @param describeLimit blocks that may wait to be described; what is more is left out
 * @param stateEvery of a hybrid model, blocks from one snapshot of its state to the next
 * @param stateLimit of a hybrid model, most snapshots that one prefill takes beside that behind the
 *     last full block; they are in memory until they are stored, and further apart in longer
 *     prompts
 * @param transferMemory bytes of all tails that wait for their delivery
 * @param transferTtl how long a tail waits for its delivery; at most an hour
 */
@Validated
@ConfigurationProperties("membrane.worker")
record WorkerProperties(
    @DefaultValue(LocalBackend.WORD) String backend,
    @Nullable String model,
    @Nullable String modelId,
    @Nullable String revision,
    @DefaultValue("256") @Min(1) @Max(Namespace.MAX_BLOCK_TOKENS) int blockTokens,
    @Nullable String kvDtype,
    @DefaultValue("auto") String device,
    @DefaultValue("0") @Min(0) @Max(1024) int threads,
    @DefaultValue("0") @Min(0) @Max(65_536) int chunkTokens,
    @DefaultValue("32") @Min(1) @Max(10_000) int queueLimit,
    @DefaultValue("1048576") @Min(1) int queueTokens,
    @DefaultValue("0") @Min(0) @Max(1_048_576) int batchTokens,
    @DefaultValue("0") @Min(0) int kvTokens,
    @DefaultValue("32MB") DataSize fetchWindow,
    @DefaultValue("250ms") Duration computeAfter,
    @Nullable Duration hedgeAfter,
    @DefaultValue("0.05") @DecimalMin("0") @DecimalMax("1") double hedgeShare,
    @DefaultValue("5s") Duration profile,
    @DefaultValue("131072") @Min(1) @Max(16_777_216) int maxTokens,
    @DefaultValue("false") boolean describeBlocks,
    @DefaultValue("4096") @Min(1) @Max(1_000_000) int describeLimit,
    @DefaultValue("16") @Min(1) @Max(1_000_000) int stateEvery,
    @DefaultValue("8") @Min(1) @Max(4096) int stateLimit,
    @DefaultValue("256MB") DataSize transferMemory,
    @DefaultValue("60s") Duration transferTtl) {

  private static final Duration LONGEST_TTL = Duration.ofHours(1);

  /** Stops the start where values are impossible or contradict each other. */
  WorkerProperties {
    if (transferMemory.isNegative()) {
      throw new IllegalArgumentException("membrane.worker.transfer-memory must not be negative");
    }
    if (!transferTtl.isPositive() || transferTtl.compareTo(LONGEST_TTL) > 0) {
      throw new IllegalArgumentException(
          "membrane.worker.transfer-ttl must be above 0 and at most 1h, not " + transferTtl);
    }
    if (kvTokens != 0 && kvTokens < maxTokens) {
      throw new StartupProblem(
          "membrane.worker.kv-tokens is %d, less than a prompt may have (membrane.worker.max-tokens, %d)."
              .formatted(kvTokens, maxTokens),
          "Raise it, lower max-tokens, or leave it out for twice max-tokens.");
    }
    if (fetchWindow.toBytes() < 1) {
      throw new StartupProblem(
          "membrane.worker.fetch-window is " + fetchWindow + ", which holds nothing.",
          "Write a size such as 32MB.");
    }
    if (computeAfter.isNegative()) {
      throw new StartupProblem(
          "membrane.worker.compute-after is " + computeAfter + ", less than no time.",
          "Write a duration such as 250ms, or a very long one for never.");
    }
    if (hedgeAfter != null && !hedgeAfter.isPositive()) {
      throw new StartupProblem(
          "membrane.worker.hedge-after is " + hedgeAfter + ", which hedges everything.",
          "Write a duration such as 100ms, or leave it out to have it learned.");
    }
    if (profile.isNegative()) {
      throw new StartupProblem(
          "membrane.worker.profile is " + profile + ", less than no time.",
          "Write a duration such as 5s, or 0s for no measuring.");
    }
  }

  /** What may wait, be in memory, and go through the model together. */
  Limits limits() {
    return new Limits(
        queueLimit,
        queueTokens,
        kvTokens == 0 ? (int) Math.min(2L * maxTokens, Integer.MAX_VALUE) : kvTokens,
        Math.max(batchTokens, 1));
  }

  /** {@link #chunkTokens} with its default. */
  int effectiveChunkTokens() {
    return chunkTokens == 0 ? blockTokens : chunkTokens;
  }
}
