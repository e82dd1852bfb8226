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
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.io.InputStream;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PathVariable;
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

  /** Share of the covered tokens that is recomputed unless a request says otherwise. */
  double DEFAULT_RECOMPUTE_SHARE = 0.15;

  /**
   * A block whose KV is to be reused although it was computed behind other tokens.
   *
   * @param tokenSpan where it is to stand in the prompt: as long as a block, anywhere behind the
   *     prefix
   * @param sourceBlockHash a stored block of this model and tenant, of the same tokens
   * @param sourceFrom position at which it was computed, a multiple of the block size
   */
  record ShiftedBlock(
      @NotNull TokenSpan tokenSpan,
      @NotNull BlockHash sourceBlockHash,
      @NotNull @PositiveOrZero Integer sourceFrom) {}

  /**
   * Reuse that is not exact.
   *
   * @param blocks ascending, without overlap, behind the prefix
   * @param recomputeShare of the covered tokens, those that deviate most; 0 to 1; default {@link
   *     #DEFAULT_RECOMPUTE_SHARE}
   * @param measure whether the full prefill is computed as well, to say how far this is from it;
   *     default false
   */
  record Shifted(
      @NotNull @Size(min = 1, max = DirectoryClient.MAX_BLOCKS)
          List<@NotNull @Valid ShiftedBlock> blocks,
      @Nullable Double recomputeShare,
      @Nullable Boolean measure) {}

  /**
   * Exactly one of tokens and text.
   *
   * @param model model id, or null for the worker's only model
   * @param store whether new full blocks are stored and announced; default true
   * @param nextToken whether the greedy next token is wanted: then at least the last token is
   *     computed even if all KV is there; default false
   * @param embeddings whether the embeddings of the blocks that are computed are wanted; default
   *     false
   * @param shifted blocks to reuse from other places, at a loss; null for none
   * @param tail whether what lies behind the last full block is wanted as a transfer block; default
   *     false
   */
  record PrefillRequest(
      @Nullable @Size(max = 256) String model,
      @Nullable Tokens tokens,
      @Nullable @Size(max = MAX_TEXT) String text,
      @Nullable @Valid Prefix prefix,
      @Nullable Boolean store,
      @Nullable Boolean nextToken,
      @Nullable Boolean embeddings,
      @Nullable @Valid Shifted shifted,
      @Nullable Boolean tail) {

    /** A request that wants no transfer block. */
    public PrefillRequest(
        @Nullable String model,
        @Nullable Tokens tokens,
        @Nullable String text,
        @Nullable Prefix prefix,
        @Nullable Boolean store,
        @Nullable Boolean nextToken,
        @Nullable Boolean embeddings,
        @Nullable Shifted shifted) {
      this(model, tokens, text, prefix, store, nextToken, embeddings, shifted, null);
    }

    /** A request of which all is exact. */
    public PrefillRequest(
        @Nullable String model,
        @Nullable Tokens tokens,
        @Nullable String text,
        @Nullable Prefix prefix,
        @Nullable Boolean store,
        @Nullable Boolean nextToken,
        @Nullable Boolean embeddings) {
      this(model, tokens, text, prefix, store, nextToken, embeddings, null);
    }

    /** A request that wants no embeddings. */
    public PrefillRequest(
        @Nullable String model,
        @Nullable Tokens tokens,
        @Nullable String text,
        @Nullable Prefix prefix,
        @Nullable Boolean store,
        @Nullable Boolean nextToken) {
      this(model, tokens, text, prefix, store, nextToken, null, null);
    }
  }

  /** Where a block's KV came from. */
  enum Source {
    FRAGMENT,
    PREFILL,
    /** From a shifted block, or computed behind one: not what a prefill gives. */
    SHIFTED
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

  /**
   * What became of a shifted block.
   *
   * @param used whether its KV was loaded; else the tokens were computed, and why says why
   * @param keptTokens tokens that have its KV in the end
   * @param otherTokens tokens that were computed because its KV is another token's
   * @param why in words
   */
  record ShiftedUse(
      TokenSpan tokenSpan,
      BlockHash sourceBlockHash,
      boolean used,
      int keptTokens,
      int otherTokens,
      String why) {}

  /**
   * How far a prefill with shifted blocks is from the full one of the same prompt, behind the
   * prefix and over all layers.
   *
   * @param keyRelative length of the difference of K over length of K
   * @param keyMax greatest difference of a value of K
   * @param valueRelative as of K, of V
   * @param valueMax as of K, of V
   * @param logitsMax greatest difference of a logit of the next token
   * @param logitsDivergence Kullback-Leibler divergence of the next token's distribution, in nats
   * @param sameNextToken whether the greedy next token is the same
   * @param fullMs time of the full prefill in the engine
   */
  record ShiftedDeviation(
      double keyRelative,
      double keyMax,
      double valueRelative,
      double valueMax,
      double logitsMax,
      double logitsDivergence,
      boolean sameNextToken,
      double fullMs) {}

  /**
   * What was reused at a loss.
   *
   * @param blocks one for each that was asked for, in order
   * @param tokensKept tokens that have the KV of another place
   * @param recomputeShare as it was used
   * @param deviation null unless it was to be measured
   */
  record ShiftedReport(
      List<ShiftedUse> blocks,
      int tokensKept,
      double recomputeShare,
      @Nullable ShiftedDeviation deviation) {}

  record PrefillTimings(double fetch, double compute, double store, double total) {}

  /**
   * What was spent.
   *
   * @param currency as configured, ISO 4217
   * @param amount in units of the currency
   */
  record Cost(String currency, BigDecimal amount) {}

  /**
   * What a provider's own prompt cache did. Tokens are the provider's, as it counts them.
   *
   * @param name the backend, e.g. {@code anthropic}
   * @param shared whether another call of the same prompt was under way and its request served this
   *     one too; that call's answer has the cost
   * @param cachedTokens tokens read from its cache; null if it does not say
   * @param cacheWriteTokens tokens written to it, where these are counted apart; null otherwise
   * @param uncachedTokens the prompt's other tokens
   * @param outputTokens tokens that had to be generated for the prompt's sake
   * @param expiresAtMs Unix time until which the prompt may be taken for cached; null if it is not,
   *     or nobody knows how long
   * @param cost null if no prices are configured
   * @param kvTransferParams what a decoding engine needs to fetch the KV from this one; null if it
   *     gave none
   */
  record ProviderUse(
      String name,
      boolean shared,
      @Nullable Long cachedTokens,
      @Nullable Long cacheWriteTokens,
      long uncachedTokens,
      long outputTokens,
      @Nullable Long expiresAtMs,
      @Nullable Cost cost,
      @Nullable Map<String, Object> kvTransferParams) {}

  /**
   * What a prefill reused, computed and stored.
   *
   * @param tokensReused leading tokens whose KV was fetched and used; a provider's cached tokens
   * @param tokensComputed tokens that went through the model
   * @param blocks the full blocks whose KV was computed or fetched; none of a provider, which keeps
   *     its KV
   * @param prefixMissing blocks of the asked-for prefix that could not be used
   * @param device e.g. {@code cpu}, {@code cuda:0}; of a provider its name
   * @param logPosition event-log position at which the directory knows what was stored
   * @param provider what a provider's cache did; null from a worker that computes itself
   * @param shifted null unless shifted blocks were asked for
   * @param states of a hybrid model, the snapshots that were reused or taken, each at the end of
   *     its block; null for every other model
   * @param transferBlock what lies behind the last full block; null if it was not asked for or
   *     nothing lies there
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
      @Nullable String logPosition,
      @Nullable ProviderUse provider,
      @Nullable ShiftedReport shifted,
      @Nullable List<PrefilledBlock> states,
      @Nullable TransferBlock transferBlock) {

    /** The answer of a model without states, and without a transfer block. */
    public PrefillResponse(
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
        @Nullable String logPosition,
        @Nullable ProviderUse provider,
        @Nullable ShiftedReport shifted) {
      this(
          model,
          namespace,
          totalTokens,
          tokensReused,
          tokensComputed,
          blocks,
          prefixMissing,
          nextToken,
          device,
          timingsMs,
          logPosition,
          provider,
          shifted,
          null,
          null);
    }

    /** The same of a worker that computes itself, and of which all is exact. */
    public PrefillResponse(
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
        @Nullable String logPosition) {
      this(
          model,
          namespace,
          totalTokens,
          tokensReused,
          tokensComputed,
          blocks,
          prefixMissing,
          nextToken,
          device,
          timingsMs,
          logPosition,
          null,
          null);
    }

    /** This answer with a report of what was not exact. */
    public PrefillResponse with(ShiftedReport report) {
      return new PrefillResponse(
          model,
          namespace,
          totalTokens,
          tokensReused,
          tokensComputed,
          blocks,
          prefixMissing,
          nextToken,
          device,
          timingsMs,
          logPosition,
          provider,
          report,
          states,
          transferBlock);
    }
  }

  /**
   * One slice of a transfer block.
   *
   * @param signature shape; its token span is the tail's
   */
  record TransferPart(Slice slice, long bytes, Signature signature) {}

  /**
   * The unaligned tail of a prompt: it has no block hash and is never stored. The worker that
   * answered hands it out once, and not for long.
   *
   * @param id for {@link #transferBlock}
   * @param parts KV and, in a hybrid model, the state behind the last token, in the order of their
   *     bytes
   * @param digest digest of all bytes
   * @param expiresInMs time from the answer until it is dropped
   */
  record TransferBlock(
      String id,
      TokenSpan tokenSpan,
      List<TransferPart> parts,
      ContentDigest digest,
      long expiresInMs) {}

  record TokenizeRequest(
      @Nullable @Size(max = 256) String model,
      @NotNull @Size(max = MAX_TEXT) String text,
      @Nullable Boolean addSpecialTokens) {}

  record TokenizeResponse(Tokens tokens, int count) {}

  /** What can be had of a model. */
  enum Capability {
    /** The KV of its blocks. */
    KV,
    /** A prompt cache that is made warm and keeps its KV to itself. */
    WARM,
    /** Prompts may be given as tokens. */
    TOKENS,
    /** Prompts may be given as text. */
    TEXT
  }

  /**
   * A model that the worker serves.
   *
   * @param id model id
   * @param signature shape of what the worker stores for the first block; null if it stores none
   * @param capabilities all but {@code warm} if the worker does not say
   * @param needs of a hybrid model, the slices that a match must ask for: a prefix of it is usable
   *     only up to a block that has its state too; null for every other model, which needs the
   *     attention of all layers
   */
  record Model(
      String id,
      String object,
      String ownedBy,
      Namespace namespace,
      @Nullable Signature signature,
      List<Capability> capabilities,
      @Nullable List<Slice> needs) {

    private static final List<Capability> COMPUTING =
        List.of(Capability.KV, Capability.TOKENS, Capability.TEXT);

    public Model {
      capabilities = List.copyOf(Objects.requireNonNullElse(capabilities, COMPUTING));
    }

    /** A model whose KV is computed and stored, and needs the attention of all layers. */
    public Model(
        String id, String object, String ownedBy, Namespace namespace, Signature signature) {
      this(id, object, ownedBy, namespace, signature, COMPUTING, null);
    }

    /** This model, of which a match must ask for other slices; null for no others. */
    public Model needing(@Nullable List<Slice> slices) {
      return new Model(id, object, ownedBy, namespace, signature, capabilities, slices);
    }

    /** Whether all of these can be had. */
    public boolean offers(Capability... wanted) {
      return capabilities.containsAll(List.of(wanted));
    }
  }

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
   * A cold prefill as it was measured.
   *
   * @param tokens length of the prompt
   * @param prefillMs time in the engine for all of it, without waiting
   * @param kvBytes size of its KV in fragments
   */
  record ProfilePoint(int tokens, double prefillMs, long kvBytes) {}

  /**
   * How fast a model prefills on this worker.
   *
   * @param device e.g. {@code cpu}, {@code cuda:0}
   * @param points by strictly increasing length; empty while nothing is measured
   */
  record Profile(String model, Namespace namespace, String device, List<ProfilePoint> points) {}

  /**
   * The worker's profiles.
   *
   * @param data one per model
   */
  record ProfileList(List<Profile> data) {}

  /** Repeatable: the same prompt computes the same KV, and fragments are immutable. */
  @Idempotent
  @PostExchange("/v1/prefill")
  PrefillResponse prefill(@RequestBody PrefillRequest request);

  /** The bytes of a transfer block, which is then gone: not to be repeated. */
  @GetExchange(value = "/v1/transfer-blocks/{id}", accept = "application/octet-stream")
  InputStream transferBlock(@PathVariable String id);

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
