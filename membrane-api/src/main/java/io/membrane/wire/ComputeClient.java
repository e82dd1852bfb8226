package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.Idempotent;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/** compute-worker as other services call it. */
public interface ComputeClient {

  /** Longest text in characters. */
  int MAX_TEXT = 4 * 1024 * 1024;

  /** Most inputs of one embedding request. */
  int MAX_INPUTS = DirectoryClient.MAX_DESCRIBED;

  /**
   * Leading blocks whose KV is to be fetched instead of computed.
   *
   * @param blockHashes the leading block hashes of the prompt's own chain
   */
  record Prefix(
      @NotNull @Size(max = DirectoryClient.MAX_BLOCKS) List<@NotNull BlockHash> blockHashes) {}

  /**
   * Exactly one of tokens and text.
   *
   * @param model model id, or null for the worker's only model
   * @param store whether new full blocks are stored and announced; default true
   * @param nextToken whether the greedy next token is wanted: then at least the last token is
   *     computed even if all KV is there; default false
   * @param embeddings whether the embeddings of the blocks that are computed are wanted; default
   *     false
   */
  record PrefillRequest(
      @Nullable @Size(max = 256) String model,
      @Nullable Tokens tokens,
      @Nullable @Size(max = MAX_TEXT) String text,
      @Nullable @Valid Prefix prefix,
      @Nullable Boolean store,
      @Nullable Boolean nextToken,
      @Nullable Boolean embeddings) {

    /** A request that wants no embeddings. */
    public PrefillRequest(
        @Nullable String model,
        @Nullable Tokens tokens,
        @Nullable String text,
        @Nullable Prefix prefix,
        @Nullable Boolean store,
        @Nullable Boolean nextToken) {
      this(model, tokens, text, prefix, store, nextToken, null);
    }
  }

  /** Where a block's KV came from. */
  enum Source {
    FRAGMENT,
    PREFILL
  }

  /**
   * One full block of a prefilled prompt.
   *
   * @param parentHash hash of the block before, or null for the first block
   * @param bytes payload size
   * @param digest digest of the payload in the store; null if it was not stored
   * @param embedding mean of the hidden states of the block's tokens, after the final norm and in
   *     the prompt's context; null if it was not asked for or the block was not computed
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record PrefilledBlock(
      BlockHash blockHash,
      @Nullable BlockHash parentHash,
      Slice slice,
      TokenSpan tokenSpan,
      long bytes,
      @Nullable ContentDigest digest,
      Source source,
      float @Nullable [] embedding) {

    /** A block without its embedding. */
    public PrefilledBlock(
        BlockHash blockHash,
        @Nullable BlockHash parentHash,
        Slice slice,
        TokenSpan tokenSpan,
        long bytes,
        @Nullable ContentDigest digest,
        Source source) {
      this(blockHash, parentHash, slice, tokenSpan, bytes, digest, source, null);
    }
  }

  /**
   * The greedy next token of a prompt.
   *
   * @param text the token alone, decoded
   * @param logit its value, float32
   */
  record NextToken(long id, String text, float logit) {}

  record PrefillTimings(double fetch, double compute, double store, double total) {}

  /**
   * What a prefill reused, computed and stored.
   *
   * @param tokensReused leading tokens whose KV was fetched and used
   * @param tokensComputed tokens that went through the model
   * @param prefixMissing blocks of the asked-for prefix that could not be used
   * @param device e.g. {@code cpu}, {@code cuda:0}
   * @param logPosition event-log position at which the directory knows what was stored
   */
  record PrefillResponse(
      String model,
      Namespace namespace,
      int totalTokens,
      int tokensReused,
      int tokensComputed,
      List<PrefilledBlock> blocks,
      List<BlockHash> prefixMissing,
      @Nullable NextToken nextToken,
      String device,
      PrefillTimings timingsMs,
      @Nullable String logPosition) {}

  record TokenizeRequest(
      @Nullable @Size(max = 256) String model,
      @NotNull @Size(max = MAX_TEXT) String text,
      @Nullable Boolean addSpecialTokens) {}

  record TokenizeResponse(Tokens tokens, int count) {}

  /**
   * A model that the worker serves.
   *
   * @param id model id
   * @param signature shape of what the worker stores for the first block
   */
  record Model(
      String id, String object, String ownedBy, Namespace namespace, Signature signature) {}

  record ModelList(String object, List<Model> data) {}

  /**
   * What to embed, in OpenAI's form.
   *
   * @param model model id, or null for the worker's only model
   * @param dimensions null, or as many as the model's hidden states have
   */
  record EmbeddingRequest(
      @Nullable @Size(max = 256) String model,
      @NotNull EmbeddingInput input,
      @Nullable Integer dimensions) {}

  /**
   * Where one input points.
   *
   * @param index of the input
   * @param embedding mean of its tokens' hidden states after the final norm, each input by itself
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Embedding(String object, int index, float[] embedding) {}

  record EmbeddingUsage(int promptTokens, int totalTokens) {}

  /**
   * Embeddings in OpenAI's list form.
   *
   * @param data one per input, in order
   */
  record EmbeddingList(
      String object,
      List<Embedding> data,
      String model,
      Namespace namespace,
      EmbeddingUsage usage) {}

  /**
   * A cold prefill, as measured.
   *
   * @param tokens length of the prompt
   * @param prefillMs time that computing its KV takes
   * @param kvBytes size of that KV
   */
  record ProfilePoint(int tokens, double prefillMs, long kvBytes) {}

  /**
   * How fast a model prefills here.
   *
   * @param points by strictly increasing tokens; empty as long as nothing is measured
   */
  record Profile(String model, Namespace namespace, String device, List<ProfilePoint> points) {}

  record ProfileList(List<Profile> data) {}

  /** Repeatable: the same prompt computes the same KV, and fragments are immutable. */
  @Idempotent
  @PostExchange("/v1/prefill")
  PrefillResponse prefill(@RequestBody PrefillRequest request);

  @Idempotent
  @PostExchange("/v1/tokenize")
  TokenizeResponse tokenize(@RequestBody TokenizeRequest request);

  @Idempotent
  @PostExchange("/v1/embeddings")
  EmbeddingList embeddings(@RequestBody EmbeddingRequest request);

  @Idempotent
  @GetExchange("/v1/models")
  ModelList models();

  @Idempotent
  @GetExchange("/v1/profile")
  ProfileList profile();
}
