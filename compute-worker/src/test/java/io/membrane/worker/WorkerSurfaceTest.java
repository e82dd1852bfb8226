package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.ArchitectureRules;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.publish.WorkerMetric;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;

class WorkerSurfaceTest extends WorkerHttpTest {

  @Autowired ComputeLane<Prefill> lane;

  @Test
  void theModelIsListedWithNamespaceAndSignature() {
    Answer answer = get("/v1/models");
    ModelList models = WireJson.mapper().readValue(answer.http().body(), ModelList.class);
    assertThat(answer.json().at("/object").stringValue()).isEqualTo("list");
    assertThat(answer.json().at("/data/0/id").stringValue()).isEqualTo("tiny-llama");
    assertThat(answer.json().at("/data/0/object").stringValue()).isEqualTo("model");
    assertThat(answer.json().at("/data/0/namespace/kv_dtype").stringValue()).isEqualTo("f32");
    assertThat(answer.json().at("/data/0/signature/rope_base").doubleValue()).isEqualTo(10000);
    assertThat(models.data()).hasSize(1);
  }

  @Test
  void textIsTokenizedWithAndWithoutSpecialTokens() {
    Answer with = post("/v1/tokenize", "{\"text\":\"The memory\"}");
    Answer without = post("/v1/tokenize", "{\"text\":\"The memory\",\"add_special_tokens\":false}");
    assertThat(with.json().toString()).isEqualTo("{\"tokens\":[0,1380,1011],\"count\":3}");
    assertThat(without.json().toString()).isEqualTo("{\"tokens\":[1380,1011],\"count\":2}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"/v1/prefill | {\"tokens\":[1]}", "/v1/embeddings | {\"input\":[[1]]}"})
  void aFullQueueRefusesAndALatePromptGivesUp(String path, String body) throws Exception {
    try (HeldLane held = new HeldLane(lane)) {
      Future<Answer> late = held.submit(() -> post(path, body, "Membrane-Deadline-Ms", "3000"));
      await().until(() -> lane.waiting() == 1);
      Answer refused = post(path, body);
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.code()).isEqualTo("overloaded");
      assertThat(refused.http().headers().firstValue("Retry-After")).isPresent();
      assertThat(late.get().status()).isEqualTo(503);
      assertThat(late.get().code()).isEqualTo("deadline_exceeded");
      held.release();
    }
    assertThat(post(path, body).status()).isEqualTo(200);
  }

  @Test
  void healthMetricsAndOpenApiAreServed() {
    assertThat(post("/v1/prefill", "{\"tokens\":[1,2,3]}").status()).isEqualTo(200);
    assertThat(get("/actuator/health/readiness").json().at("/status").stringValue())
        .isEqualTo("UP");
    assertThat(get("/actuator/health/liveness").json().at("/status").stringValue()).isEqualTo("UP");
    String metrics = get("/actuator/prometheus").http().body();
    for (WorkerMetric metric : WorkerMetric.values()) {
      assertThat(metrics).contains(metric.metric().replace('.', '_'));
    }
    assertThat(get("/v3/api-docs").json().get("paths").propertyNames())
        .contains("/v1/prefill", "/v1/embeddings", "/v1/tokenize", "/v1/models", "/v1/profile");
  }

  @Test
  void theHouseRulesHold() {
    ArchitectureRules.check("io.membrane.worker", "checkpoint", "prefill", "batch");
  }
}
