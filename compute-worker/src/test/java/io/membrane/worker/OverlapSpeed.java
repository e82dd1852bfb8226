package io.membrane.worker;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.publish.BlockDescriptions;
import io.membrane.worker.publish.PromptPrefill;
import io.membrane.worker.publish.ServedModel;
import io.membrane.worker.publish.TransferBlocks;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.web.client.RestClient;

/**
 * A prompt whose prefix comes through a slow proxy: fetched, computed, and both until they meet.
 *
 * <pre>
 * java -Dai.djl.offline=true -cp … io.membrane.worker.OverlapSpeed MODEL TOKENS BLOCK_TOKENS
 * </pre>
 */
final class OverlapSpeed implements AutoCloseable {

  private static final Duration NEVER = Duration.ofHours(1);

  private final Peers peers = new Peers();
  private final FaultProxy proxy = new FaultProxy(peers.port());
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final PrefillTimes times = new PrefillTimes();
  private final ServiceClients clients;
  private final ComputeLane<Prefill> lane;
  private final ServedModel served;
  private final Tokens prompt;

  private OverlapSpeed(String model, int tokens, int blockTokens) {
    clients =
        new ServiceClients(
            RestClient.builder(),
            new ClientProperties(
                Map.of(), Duration.ofSeconds(5), NEVER, 64, 1, Duration.ofSeconds(1)));
    WorkerProperties properties =
        new Binder(
                new MapConfigurationPropertySource(
                    Map.of(
                        "membrane.worker.model",
                        Path.of(model).toString(),
                        "membrane.worker.revision",
                        "r1",
                        "membrane.worker.block-tokens",
                        blockTokens)))
            .bindOrCreate("membrane.worker", WorkerProperties.class);
    lane =
        new ComputeLane<>(
            properties.limits(), Prefill::advanceAll, times, (prompts, nanos) -> {}, NEVER);
    served = lane.load(() -> ModelLoader.load(properties));
    int vocabulary = served.model().vocabSize();
    prompt = Tokens.ofInts(new Random(1).ints(tokens, 0, vocabulary).toArray());
  }

  private PrefillResponse prefill(@Nullable List<BlockHash> prefix, Duration computeAfter) {
    DirectoryClient directory =
        clients.of(DirectoryClient.class, "directory-service", URI.create(peers.url()));
    PromptPrefill prefill =
        new PromptPrefill(
            served,
            lane,
            times,
            directory,
            clients.of(FragmentClient.class, "fragment-service", proxy.url()),
            new BlockDescriptions(served, directory, 0, meters),
            new TransferBlocks(1, Duration.ofMinutes(1), Clock.systemUTC(), meters),
            new Hedging(null, 0, "hedges", meters),
            64L << 20,
            computeAfter,
            meters);
    return prefill.prefill(
        new PrefillRequest(
            null, prompt, null, prefix == null ? null : new Prefix(prefix), prefix == null, true));
  }

  private void run() {
    for (int i = 0; i < 3; i++) {
      peers.reset();
      System.out.println("cold and stored: " + prefill(null, NEVER).timingsMs());
    }
    int block = served.namespace().blockTokens();
    List<BlockHash> chain =
        BlockHasher.chain(Peers.root(served.namespace(), "default"), block, prompt);
    for (int millis : new int[] {1, 2, 4, 8, 16}) {
      proxy.heal();
      proxy.inject(new Fault.Delay(Duration.ofMillis(millis)));
      for (int i = 0; i < 3; i++) {
        System.out.printf(
            "%d ms for 16 KiB: computed %s, fetched %s, both %s%n",
            millis,
            said(prefill(List.of(), NEVER)),
            said(prefill(chain, NEVER)),
            said(prefill(chain, Duration.ZERO)));
      }
    }
  }

  private static String said(PrefillResponse answer) {
    return "%.0f ms (%d reused)".formatted(answer.timingsMs().total(), answer.tokensReused());
  }

  @Override
  public void close() {
    lane.close();
    proxy.close();
    peers.close();
  }

  static void main(String[] arguments) {
    try (OverlapSpeed speed =
        new OverlapSpeed(
            arguments[0], Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]))) {
      speed.run();
    }
    System.exit(0);
  }
}
