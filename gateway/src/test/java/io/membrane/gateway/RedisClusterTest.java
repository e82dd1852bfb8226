package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisClusterProcess;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys and limits in a Redis Cluster of three primaries. */
@Timeout(180)
class RedisClusterTest {

  private static final List<String> TENANTS = List.of("a", "b", "c", "d");

  @Test
  void keysAreKnownAndEveryLimitIsCounted(@TempDir Path folder) throws Exception {
    try (RedisClusterProcess cluster = RedisClusterProcess.ofPrimaries();
        Backend backend = new Backend("service")) {
      List<String> properties = new ArrayList<>(List.of(cluster.properties()));
      for (String tenant : TENANTS) {
        Stream.of(
                "requests-per-second=1",
                "burst=3",
                "concurrency=5",
                "bytes-in-per-second=1MB",
                "bytes-out-per-second=1MB")
            .map(limit -> "membrane.gateway.limits.tenants." + tenant + "." + limit)
            .forEach(properties::add);
      }
      String[] all = properties.toArray(String[]::new);
      try (SecuredGateway one = new SecuredGateway(backend, folder, all);
          SecuredGateway other = new SecuredGateway(backend, folder, all)) {
        for (String tenant : TENANTS) {
          String key = one.key(tenant, "read");
          List<Integer> statuses =
              IntStream.range(0, 12)
                  .mapToObj(i -> (i % 2 == 0 ? one : other).as(key, "GET", "/v1/models"))
                  .map(HttpResponse::statusCode)
                  .toList();
          assertThat(statuses).startsWith(200, 200, 200).contains(429).containsOnly(200, 429);
        }
        assertThat(one.as(SecuredGateway.ADMIN, "GET", "/v1/keys").statusCode()).isEqualTo(200);
      }
    }
  }
}
