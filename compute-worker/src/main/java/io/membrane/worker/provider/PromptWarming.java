package io.membrane.worker.provider;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.ProviderUse;
import io.membrane.worker.provider.wire.ProviderWire;
import io.membrane.worker.provider.wire.Usage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers a prefill by a provider: has it read the prompt, so that its own cache is warm for
 * whoever asks it next, and tells the directory how long. No KV comes back. Thread-safe; blocks
 * until the answer is complete.
 */
public final class PromptWarming {

  /** Prompts that may share one request. */
  private record Same(String tenant, Tokens tokens) {}

  /**
   * What a request came to.
   *
   * @param at when it was sent: what is cached lasts at least from then
   */
  private record Warmed(Usage usage, Instant at) {}

  private final ProviderModel model;
  private final ProviderWire wire;
  private final ProviderCall call;
  private final ProviderTokens tokens;
  private final DirectoryClient directory;
  private final WarmPlaces places;
  private final Account account;
  private final Counter sharing;
  private final SharedCalls<Same, Warmed> calls;
  private final Clock clock;

  /**
   * @param prices null if cost is not counted
   * @param patience time for callers without a deadline
   */
  public PromptWarming(
      ProviderModel model,
      ProviderWire wire,
      ProviderCall call,
      DirectoryClient directory,
      WarmPlaces places,
      @Nullable Prices prices,
      Duration patience,
      MeterRegistry meters,
      Clock clock) {
    this.model = model;
    this.wire = wire;
    this.call = call;
    this.tokens = new ProviderTokens(model, wire, call);
    this.directory = directory;
    this.places = places;
    this.account = new Account(prices, meters);
    this.sharing = meters.counter(ProviderMetric.SHARED.metric());
    this.calls = new SharedCalls<>(patience);
    this.clock = clock;
  }

  /**
   * Warms one prompt for the tenant of the call.
   *
   * @throws MembraneException if the request is impossible, or the provider or the directory fails
   */
  public PrefillResponse prefill(PrefillRequest request) {
    long start = System.nanoTime();
    model.requireNamed(request.model());
    requireWarmingOnly(request);
    ProviderTokens.Read read = tokens.read(request);
    WarmPrompt prompt = new WarmPrompt(read.sent(), chain(read.tokens()));
    List<BlockHash> asked = prompt.asked(request.prefix());

    long callStart = System.nanoTime();
    SharedCalls.Outcome<Warmed> warmed =
        calls.run(new Same(CallContext.tenantOfCall(), read.tokens()), () -> warm(prompt));
    if (warmed.shared()) {
      sharing.increment();
    }
    long recordStart = System.nanoTime();
    Usage usage = warmed.value().usage();
    Instant end = end(warmed.value());
    String position =
        end == null || Boolean.FALSE.equals(request.store())
            ? null
            : places.renew(warmBlocks(usage, prompt.chain()), end);
    return new PrefillResponse(
        model.namespace().model(),
        model.namespace(),
        usage.promptTokens(),
        usage.cached(),
        usage.promptTokens() - usage.cached(),
        List.of(),
        asked,
        null,
        model.backend().word(),
        new PrefillTimings(
            0,
            (recordStart - callStart) / 1e6,
            (System.nanoTime() - recordStart) / 1e6,
            (System.nanoTime() - start) / 1e6),
        position,
        use(usage, warmed.shared(), end),
        null,
        null,
        null,
        null);
  }

  /** Tokens of a text as this backend's prompts are named by. */
  public Tokens tokenize(String text, boolean addSpecialTokens) {
    return tokens.encode(text, addSpecialTokens);
  }

  private Warmed warm(WarmPrompt prompt) {
    Instant at = clock.instant();
    Usage usage =
        account.timed(() -> call.post(wire.path(), wire.request(prompt.sent()), wire::usage));
    account.used(usage);
    if (wire.keepsLastOnly()) {
      places.keepOnly(prompt.chain());
    }
    return new Warmed(usage, at);
  }

  private List<BlockHash> chain(Tokens prompt) {
    Namespace namespace = model.namespace();
    if (prompt.length() / namespace.blockTokens() > DirectoryClient.MAX_BLOCKS) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the prompt has more than %d blocks: set membrane.worker.block-tokens higher"
              .formatted(DirectoryClient.MAX_BLOCKS));
    }
    BlockHash root = directory.resolve(NamespaceRequest.of(namespace)).root();
    return BlockHasher.chain(root, namespace.blockTokens(), prompt);
  }

  /** Until when it is cached; null if nothing is, or nobody knows. */
  private @Nullable Instant end(Warmed warmed) {
    Duration lifetime = model.lifetime();
    return lifetime == null || !wire.isCached(warmed.usage()) ? null : warmed.at().plus(lifetime);
  }

  private List<BlockHash> warmBlocks(Usage usage, List<BlockHash> chain) {
    return chain.subList(0, wire.warmBlocks(usage, chain.size()));
  }

  private ProviderUse use(Usage usage, boolean shared, @Nullable Instant end) {
    return new ProviderUse(
        model.backend().word(),
        shared,
        toLong(usage.cachedTokens()),
        toLong(usage.writtenTokens()),
        usage.uncached(),
        usage.outputTokens(),
        end == null ? null : end.toEpochMilli(),
        account.cost(usage, shared),
        usage.kvTransferParams());
  }

  private void requireWarmingOnly(PrefillRequest request) {
    if (Boolean.TRUE.equals(request.nextToken())
        || Boolean.TRUE.equals(request.embeddings())
        || Boolean.TRUE.equals(request.tail())
        || request.shifted() != null) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "next_token, embeddings, tail and shifted need a model that is computed here; %s only gets its cache"
                  .formatted(model.backend().word())
              + " warm (capabilities in /v1/models)");
    }
  }

  private static @Nullable Long toLong(@Nullable Integer count) {
    return count == null ? null : Long.valueOf(count);
  }
}
