package io.membrane.scheduler;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpServer;
import io.membrane.fixture.RedisProcess;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.routing.ClusterCost;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileWatchTest {

  private static final String FLEET =
      """
      {"clusters": [{"cluster": "far", "role": "prefill", "instances": {"h200": 4},
        "link": {"gbps": 100}}, {"cluster": "near", "role": "pd", "instances": {"h20": 8}}]}\
      """;

  private volatile String answer = "{\"data\": []}";

  @TempDir Path folder;

  @Test
  void whatAWorkerMeasuredReplacesWhatWasDescribed() throws IOException {
    Path fleet = Files.writeString(folder.resolve("fleet.json"), FLEET);
    HttpServer worker = worker();
    try (RedisProcess redis = RedisProcess.embedded();
        Service service =
            new Service(
                redis.port(),
                "membrane.scheduler.fleet=" + fleet,
                "membrane.client.attempts=1",
                "membrane.scheduler.profiles.near=http://127.0.0.1:"
                    + worker.getAddress().getPort())) {
      ProfileWatch watch = service.bean(ProfileWatch.class);
      watch.askAll();
      double described = seconds(service);
      answer = profile("{\"tokens\": 500, \"prefill_ms\": 4000, \"kv_bytes\": 9}");
      watch.askAll();
      assertThat(seconds(service)).isEqualTo(described);
      answer =
          profile(
              """
              {"tokens": 500, "prefill_ms": 4000, "kv_bytes": 9},
              {"tokens": 1000, "prefill_ms": 7000, "kv_bytes": 18}\
              """);
      watch.askAll();
      awaitSeconds(service, 7);
      answer = "no profile";
      watch.askAll();
      awaitSeconds(service, 7);
    } finally {
      worker.stop(0);
    }
  }

  private HttpServer worker() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/profile",
        exchange -> {
          try (exchange) {
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    return server;
  }

  private static String profile(String points) {
    return """
    {"data": [{"model": "m", "namespace": {"model": "m", "revision": "r", "kv_dtype": "bf16",
      "block_tokens": 256}, "device": "cuda:0", "points": [%s]}]}\
    """
        .formatted(points);
  }

  private static void awaitSeconds(Service service, double seconds) {
    Awaitility.await()
        .untilAsserted(() -> assertThat(seconds(service)).isCloseTo(seconds, within(1e-6)));
  }

  /** T_prefill of 1,000 tokens by which routes are decided now. */
  private static double seconds(Service service) {
    ClusterCost cost = service.bean(LiveFleet.class).state().of("near").cost();
    return requireNonNull(cost).prefillSeconds().at(1000);
  }
}
