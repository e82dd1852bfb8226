package io.membrane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Thresholds, links and the fleet that change in mounted files while the scheduler runs. */
class LiveRulesTest {

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded();

  @AfterEach
  void stop() {
    redis.close();
  }

  private Path write(String name, String text) throws IOException {
    Path next = Files.writeString(folder.resolve("next"), text);
    return Files.move(
        next,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static String fleet(int pdInstances, double linkGbps) {
    return """
    {"clusters": [
      {"cluster": "remote", "role": "prefill", "instances": {"h200": 4}, "link": {"gbps": %s}},
      {"cluster": "local", "role": "pd", "instances": {"h20": %d}}]}\
    """
        .formatted(linkGbps, pdInstances);
  }

  private static int threshold(ServiceUnderTest scheduler) {
    return route(scheduler).get("threshold_tokens").asInt();
  }

  private static JsonNode route(ServiceUnderTest scheduler) {
    return Service.ok(
        scheduler.post(
            "/v1/routes",
            """
            {"total_tokens": 5000, "clusters": [
              {"cluster": "local", "role": "pd", "cached_tokens": 0},
              {"cluster": "remote", "role": "prefill", "cached_tokens": 0}]}\
            """));
  }

  private static void awaitRefusals(ServiceUnderTest scheduler, int count) {
    Awaitility.await()
        .until(() ->
            scheduler
                    .bean(MeterRegistry.class)
                    .get("membrane.reload.refusals")
                    .functionCounter()
                    .count()
                == count);
  }

  @Test
  void thresholdRegimeAndFleetChangeWithoutARestartAndWrongOnesAreRefused() throws IOException {
    Path described = write("fleet.json", fleet(4, 10));
    Path live =
        write(
            "live.yaml",
            "membrane.scheduler: {fleet: %s, threshold-tokens: 1000}".formatted(described));
    try (Service scheduler =
        new Service(redis.port(), "membrane.reload.file=" + live, "membrane.reload.every=500ms")) {
      assertThat(threshold(scheduler)).isEqualTo(1000);
      write(
          "live.yaml",
          "membrane.scheduler: {fleet: %s, threshold-tokens: 7000, regime: abundant}"
              .formatted(described));
      Awaitility.await().until(() -> threshold(scheduler) == 7000);
      assertThat(route(scheduler).get("regime").asString()).isEqualTo("abundant");

      write("live.yaml", "membrane.scheduler: {threshold-tokens: -1}");
      awaitRefusals(scheduler, 1);
      write("live.yaml", "membrane.scheduler: {kubernetes.mode: apply}");
      awaitRefusals(scheduler, 2);
      assertThat(threshold(scheduler)).isEqualTo(7000);

      write("live.yaml", "membrane.scheduler.fleet: " + described);
      Awaitility.await().until(() -> threshold(scheduler) != 7000);
      int searched = threshold(scheduler);
      write("fleet.json", fleet(4, 0.5));
      Awaitility.await().until(() -> threshold(scheduler) != searched);
      int narrow = threshold(scheduler);
      write("fleet.json", "{");
      awaitRefusals(scheduler, 3);
      write("fleet.json", fleet(9, 0.5));
      awaitRefusals(scheduler, 4);
      assertThat(threshold(scheduler)).isEqualTo(narrow);
    }
  }
}
