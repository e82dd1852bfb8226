package io.membrane.directory;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.CallContext;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** The whole directory-service, and a client of it. */
final class Service extends ServiceUnderTest {

  static final String MATCH = "/v1/directory/match";
  static final String LOCATE = "/v1/directory/locate";
  static final String EVENTS = "/v1/directory/events";
  static final String RESOLVE = "/v1/namespaces/resolve";

  Service(int redisPort, String... properties) {
    super(
        DirectoryApplication.class,
        Stream.concat(
                Stream.of("spring.data.redis.url=redis://127.0.0.1:" + redisPort),
                Stream.of(properties))
            .toArray(String[]::new));
  }

  /** One that finds its Redis by these settings. */
  Service(String... properties) {
    super(DirectoryApplication.class, properties);
  }

  /** Defaults for all of a namespace but its revision: {@code tiny-llama}, f32, blocks of 4. */
  static Service ofTinyLlama(int redisPort, String... properties) {
    return new Service(
        redisPort,
        Stream.concat(
                Stream.of(
                    "membrane.directory.defaults.model=tiny-llama",
                    "membrane.directory.defaults.kv-dtype=f32",
                    "membrane.directory.defaults.block-tokens=4"),
                Stream.of(properties))
            .toArray(String[]::new));
  }

  void awaitReady() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> get("/actuator/health/readiness").statusCode() == 200);
  }

  HttpResponse<String> postAs(String tenant, String path, String body) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .header(CallContext.TENANT_HEADER, tenant)
            .POST(BodyPublishers.ofString(body)));
  }

  /** The body of a 200. */
  JsonNode answer(String path, String body) {
    return ok(post(path, body));
  }

  /** The detail of a problem with this status and code. */
  String problem(int status, String code, String path, String body) {
    return problem(status, code, post(path, body));
  }

  /** A body for {@link #EVENTS}. */
  static String batch(String node, String epoch, String sequence, String events) {
    return """
    {"node": "%s", "cluster": "c1", "epoch": %s, "sequence": %s, "events": [%s]}\
    """
        .formatted(node, epoch, sequence, events);
  }
}
