package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import java.net.http.HttpResponse;
import java.util.stream.Stream;

/** One of several services over the same fleet. */
final class Replica extends ServiceUnderTest {

  Replica(MiniFleet fleet, RedisProcess redis, String... more) {
    super(
        ReconstructionApplication.class,
        Stream.concat(
                Stream.of(
                    "membrane.client.peers.directory-service=" + fleet.directory.url(),
                    "membrane.client.peers.fragment-service=" + fleet.fragments.url(),
                    "membrane.client.peers.scheduler-service=" + fleet.scheduler.url(),
                    "membrane.reconstruction.clusters.local.url=" + fleet.local.peer.url(),
                    "membrane.reconstruction.clusters.local.role=pd",
                    "membrane.reconstruction.clusters.far.url=" + fleet.far.peer.url(),
                    "membrane.reconstruction.clusters.far.role=prefill",
                    "membrane.client.open-for=100ms",
                    "spring.data.redis.url=" + redis.url()),
                Stream.of(more))
            .toArray(String[]::new));
  }

  ContextResponse ask(FleetTest.Asked asked) {
    return read(post("/v1/contexts", asked.json()), ContextResponse.class);
  }

  PlanResponse plan(FleetTest.Asked asked) {
    return read(post("/v1/contexts/plan", asked.json()), PlanResponse.class);
  }

  static <T> T read(HttpResponse<String> answer, Class<T> type) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.body(), type);
  }
}
