package io.membrane.directory;

import static io.membrane.directory.Service.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.engine.EnginePublisher;
import io.membrane.directory.engine.wire.Capture;
import io.membrane.directory.engine.wire.KvEvent.BlockStored;
import io.membrane.directory.engine.wire.KvEventDecoder;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Queries by the hashes that an engine itself names blocks by, as recorded from real ones. */
class IndexerEngineHashTest {

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(1, "membrane.directory.defaults.revision=r1");

  private static final Service SERVICE = REPLICAS.first();

  @ParameterizedTest
  @ValueSource(strings = {"vllm-0.33.0", "vllm-0.33.0-bytes", "sglang-0.5.23"})
  void whatAnEngineHoldsIsFoundByItsOwnHashes(String capture) {
    List<byte[]> payloads = Capture.payloads(capture).subList(0, 1);
    List<BlockStored> stored =
        payloads.stream()
            .flatMap(payload -> KvEventDecoder.decode(payload).events().stream())
            .map(BlockStored.class::cast)
            .toList();
    List<Long> names = stored.stream().flatMap(event -> event.blocks().stream()).toList();
    int size = stored.getFirst().blockTokens();
    int all = size * names.size();
    try (EnginePublisher publisher = new EnginePublisher()) {
      String instance = "own-" + capture.replace('.', '-');
      ok(SERVICE.postAs("h", "/register", registration(publisher, instance, size)));
      payloads.forEach(publisher::say);
      Stream<Function<Long, String>> forms =
          Stream.of(
              String::valueOf,
              Long::toUnsignedString,
              name -> "\"%048x%016x\"".formatted(BigInteger.TEN, name));
      forms.forEach(form -> {
        List<String> texts = names.stream().map(form).toList();
        awaitFound(instance, texts, all);
        assertThat(found("h", instance, texts.subList(0, 1))).isEqualTo(size);
        assertThat(found("h", instance, List.of("4711", "4712"))).isZero();
        assertThat(found("t", instance, texts)).isZero();
      });
      List<String> numbers = names.stream().map(String::valueOf).toList();
      List<String> broken = new ArrayList<>(numbers);
      broken.set(names.size() - 1, "4711");
      assertThat(found("h", instance, broken)).isEqualTo(all - size);
      assertThat(found("h", instance, numbers.reversed()))
          .as("blocks that do not follow each other")
          .isLessThan(all);
      ok(SERVICE.postAs("h", "/unregister", "{\"instance_id\": \"" + instance + "\"}"));
      awaitFound(instance, numbers, 0);
    }
  }

  private static String registration(EnginePublisher publisher, String instance, int blockSize) {
    return """
    {"instance_id": "%s", "endpoint": "%s", "replay_endpoint": "%s", "model": "own",
     "block_size": %d}\
    """
        .formatted(instance, publisher.endpoint(), publisher.replayEndpoint(), blockSize);
  }

  private static void awaitFound(String instance, List<String> hashes, int tokens) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(found("h", instance, hashes)).isEqualTo(tokens));
  }

  private static int found(String tenant, String instance, List<String> hashes) {
    String body = "{\"model\": \"own\", \"seq_hashes\": " + hashes + "}";
    JsonNode answer = ok(SERVICE.postAs(tenant, "/query_by_hash", body));
    return answer.path(tenant).path(instance).path("longest_matched").asInt(0);
  }
}
