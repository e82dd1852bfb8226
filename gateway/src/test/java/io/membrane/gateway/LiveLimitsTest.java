package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits that are changed in the mounted file while the gateway runs. */
class LiveLimitsTest {

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded();

  @AfterEach
  void stop() {
    redis.close();
  }

  private Path write(String yaml) throws IOException {
    Path next = Files.writeString(folder.resolve("next"), yaml);
    return Files.move(
        next,
        folder.resolve("live.yaml"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static int status(ServiceUnderTest gateway, int bytes) {
    return gateway
        .send(
            HttpRequest.newBuilder(gateway.uri("/v1/prefill"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("x".repeat(bytes))))
        .statusCode();
  }

  @Test
  void aTenantsLimitsChangeWithoutARestartAndImpossibleOnesAreRefused() throws IOException {
    Path live = write("membrane.gateway.limits.default.max-body: 100B");
    try (Backend worker = new Backend("compute-worker");
        ServiceUnderTest gateway = gateway(live, worker.url())) {
      assertThat(status(gateway, 200)).isEqualTo(413);
      write("membrane.gateway.limits.default.max-body: 300B");
      Awaitility.await().until(() -> status(gateway, 200) != 413);
      assertThat(status(gateway, 301)).isEqualTo(413);

      write(
          """
          membrane.gateway.limits.default.max-body: 1B
          membrane.gateway.limits.default.burst: 2
          """);
      Awaitility.await()
          .until(() ->
              gateway
                      .bean(io.micrometer.core.instrument.MeterRegistry.class)
                      .get("membrane.reload.refusals")
                      .functionCounter()
                      .count()
                  == 1);
      assertThat(status(gateway, 200)).as("the old stays").isNotEqualTo(413);

      write(
          """
          membrane.gateway.limits:
            default.requests-per-second: 1
            tenants.named.max-body: 1B
          """);
      Awaitility.await().until(() -> status(gateway, 200) == 429);
    }
  }

  @Test
  void aFileThatNamesNothingAsTheChartWritesItNeitherStopsTheStartNorIsRefusedLater()
      throws IOException {
    Path live = write("{}\n");
    try (Backend worker = new Backend("compute-worker");
        ServiceUnderTest gateway = gateway(live, worker.url())) {
      assertThat(status(gateway, 200)).isEqualTo(200);
      write("membrane.gateway.limits.default.max-body: 100B");
      Awaitility.await().until(() -> status(gateway, 200) == 413);
      write("{}\n");
      Awaitility.await().until(() -> status(gateway, 200) == 200);
    }
  }

  private ServiceUnderTest gateway(Path live, URI worker) {
    return new ServiceUnderTest(
        GatewayApplication.class,
        "spring.data.redis.url=" + redis.url(),
        "membrane.gateway.security.anonymous=true",
        "membrane.reload.file=" + live,
        "membrane.reload.every=500ms",
        "membrane.client.peers.directory-service=" + worker,
        "membrane.client.peers.fragment-service=" + worker,
        "membrane.client.peers.reconstruction-service=" + worker,
        "membrane.client.peers.scheduler-service=" + worker,
        "membrane.client.peers.compute-worker=" + worker);
  }
}
