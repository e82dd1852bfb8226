package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.wire.MembershipClient.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node tells the directory of its direct port. */
@Timeout(60)
class DirectUrlTest {

  private final RedisProcess redis = RedisProcess.embedded();
  private final SmallDirectory directory = new SmallDirectory();

  @TempDir Path folder;

  @AfterEach
  void close() {
    directory.close();
    redis.close();
  }

  @Test
  void aUrlMayNameTheNodeAsItsEnvironmentDoes() throws IOException {
    try (ServiceUnderTest _ =
        service(
            "MEMBRANE_FRAGMENT_INSTANCE=fragment-1",
            "membrane.fragment.direct.url=http://${MEMBRANE_FRAGMENT_INSTANCE}.pods.llm.svc:8092")) {
      assertThat(registered().directUrl()).isEqualTo("http://fragment-1.pods.llm.svc:8092");
    }
  }

  @Test
  void withoutOneItIsTheNodesOwnHost() throws IOException {
    try (ServiceUnderTest node = service("membrane.fragment.url=http://fragment-1.pods:8082")) {
      assertThat(registered().directUrl())
          .isEqualTo("http://fragment-1.pods:" + node.bean(DirectConnector.class).localPort());
    }
  }

  private Node registered() {
    Awaitility.await().until(() -> !directory.live().isEmpty());
    return directory.live().getFirst();
  }

  private ServiceUnderTest service(String... more) throws IOException {
    Path secret = Files.writeString(folder.resolve("direct.secret"), GatewayTokens.SECRET);
    List<String> properties =
        new ArrayList<>(
            List.of(
                "spring.data.redis.url=" + redis.url(),
                "membrane.client.peers.directory-service=http://127.0.0.1:" + directory.port(),
                "membrane.fragment.direct.port=0",
                "membrane.fragment.direct.secret-file=" + secret));
    properties.addAll(List.of(more));
    return new ServiceUnderTest(FragmentApplication.class, properties.toArray(String[]::new));
  }
}
