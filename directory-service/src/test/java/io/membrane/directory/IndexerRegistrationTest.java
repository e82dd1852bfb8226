package io.membrane.directory;

import static io.membrane.directory.Service.ok;
import static io.membrane.directory.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.engine.EnginePublisher;
import io.membrane.directory.engine.wire.Capture;
import io.membrane.fixture.LoopbackPorts;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Engines that are registered and listed as at the indexers of Mooncake and Dynamo. */
class IndexerRegistrationTest {

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(1, "membrane.directory.defaults.revision=r1");

  private static final Service SERVICE = REPLICAS.first();

  @Test
  void registrationsAreEnginesAndEveryShapeListsThem() {
    String endpoint = "tcp://127.0.0.1:" + LoopbackPorts.free();
    String fields =
        """
        "instance_id": 18446744073709551615, "endpoint": "%s", "model_name": "m", "block_size": 4\
        """
            .formatted(endpoint);
    HttpResponse<String> first = SERVICE.postAs("w", "/register", "{" + fields + "}");
    assertThat(first.statusCode()).isEqualTo(201);
    assertThat(Service.json(first)).isEqualTo(Service.json("{\"status\": \"ok\"}"));
    ok(SERVICE.postAs("w", "/register", "{" + fields + "}"));
    problem(
        409,
        "engine_conflict",
        SERVICE.postAs("w", "/register", "{" + fields + ", \"layers\": 2}"));
    String rank1 =
        """
        {"instance_id": "18446744073709551615", "endpoint": "%s", "modelname": "m", "type": "vLLM",
         "replay_endpoint": "", "block_size": 4, "dp_rank": 1, "additionalsalt": ""}\
        """
            .formatted(endpoint);
    assertThat(ok(SERVICE.postAs("w", "/register", rank1)))
        .isEqualTo(
            Service.json(
                """
                {"status": "registered successfully", "instance_id": "18446744073709551615"}\
                """));

    assertThat(ok(SERVICE.getAs("w", "/v1/engines")).path("engines").size()).isEqualTo(2);
    JsonNode worker = ok(SERVICE.getAs("w", "/workers?model_name=m")).path(0);
    assertThat(worker.path("instance_id").bigIntegerValue())
        .isEqualTo(new BigInteger("18446744073709551615"));
    assertThat(worker.path("endpoints"))
        .isEqualTo(Service.json("{\"0\": \"%1$s\", \"1\": \"%1$s\"}".formatted(endpoint)));
    assertThat(worker.path("listeners").path("1").path("endpoint").asString()).isEqualTo(endpoint);
    assertThat(ok(SERVICE.getAs("w", "/workers?model_name=n"))).isEmpty();
    assertThat(ok(SERVICE.getAs("v", "/workers"))).isEmpty();
    JsonNode services = ok(SERVICE.getAs("w", "/services"));
    assertThat(services.path("count").asInt()).isEqualTo(2);
    assertThat(services.path("services").path(1))
        .isEqualTo(
            Service.json(
                """
                {"Endpoint": "%s", "ReplayEndpoint": "", "ModelName": "m", "TenantID": "w",
                 "InstanceID": "18446744073709551615", "BlockSize": 4, "DPRank": 1}\
                """
                    .formatted(endpoint)));
    assertThat(ok(SERVICE.getAs("v", "/services")).path("count").asInt()).isZero();

    awaitZeros();

    assertThat(unregistered("v", "\"dp_rank\": 1")).isEmpty();
    assertThat(unregistered("w", "\"model\": \"n\"")).isEmpty();
    assertThat(unregistered("w", "\"dp_rank\": 1")).containsExactly("18446744073709551615|w|1");
    assertThat(
            ok(
                SERVICE.postAs(
                    "w",
                    "/unregister",
                    "{\"instance_id\": 18446744073709551615, \"model_name\": \"m\"}")))
        .isEqualTo(Service.json("{\"status\": \"ok\"}"));
    assertThat(ok(SERVICE.getAs("w", "/v1/engines")).path("engines")).isEmpty();
  }

  /** The registrations are read twice a second. */
  private static void awaitZeros() {
    JsonNode zeros =
        Service.json(
            """
            {"w": {"18446744073709551615": {"longest_matched": 0, "GPU": 0,
                   "DP": {"0": 0, "1": 0}, "CPU": 0, "DISK": 0}}}\
            """);
    String query = "{\"model\": \"m\", \"token_ids\": []}";
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(ok(SERVICE.postAs("w", "/query", query))).isEqualTo(zeros));
  }

  private static List<String> unregistered(String tenant, String field) {
    String body = "{\"instance_id\": 18446744073709551615, " + field + "}";
    JsonNode answer = ok(SERVICE.postAs(tenant, "/unregister", body));
    assertThat(answer.path("status").asString()).isEqualTo("unregistered successfully");
    return answer.path("removed_instances").valueStream().map(JsonNode::asString).toList();
  }

  @Test
  void whatARegisteredEngineHoldsIsFoundUntilItIsUnregistered() {
    try (EnginePublisher publisher = new EnginePublisher()) {
      String body =
          """
          {"instance_id": "vllm-0", "endpoint": "%s", "replay_endpoint": "%s",
           "modelname": "tiny-llama", "block_size": 4, "dp_rank": 0, "type": "vLLM"}\
          """
              .formatted(publisher.endpoint(), publisher.replayEndpoint());
      ok(SERVICE.postAs("e", "/register", body));
      Capture.payloads("vllm-0.33.0").subList(0, 2).forEach(publisher::say);
      awaitGpu(12);
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() ->
              assertThat(ok(SERVICE.getAs("e", "/workers")).path(0).path("status").asString())
                  .isEqualTo("active"));
      ok(SERVICE.postAs("e", "/unregister", "{\"instance_id\": \"vllm-0\"}"));
      awaitGpu(0);
    }
  }

  private static void awaitGpu(int tokens) {
    String query =
        """
        {"model": "tiny-llama", "block_size": 4,
         "token_ids": [100,101,102,103, 104,105,106,107, 108,109,110,111, 7,7,7,7]}\
        """;
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThat(
                    ok(SERVICE.postAs("e", "/query", query))
                        .path("e")
                        .path("vllm-0")
                        .path("GPU")
                        .asInt(0))
                .isEqualTo(tokens));
  }
}
