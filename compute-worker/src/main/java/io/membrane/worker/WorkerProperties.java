package io.membrane.worker;

import io.membrane.block.Namespace;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
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
 * @param queueLimit prompts that may wait while another computes
 * @param maxTokens longest prompt, and most tokens of an embedding request
 * @param describeBlocks whether the directory is told what new blocks are about, by their tokens
 *     and embeddings
 * @param describeLimit blocks that may wait to be described; what is more is left out
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
    @DefaultValue("131072") @Min(1) @Max(16_777_216) int maxTokens,
    @DefaultValue("false") boolean describeBlocks,
    @DefaultValue("4096") @Min(1) @Max(1_000_000) int describeLimit) {

  /** {@link #chunkTokens} with its default. */
  int effectiveChunkTokens() {
    return chunkTokens == 0 ? blockTokens : chunkTokens;
  }
}
