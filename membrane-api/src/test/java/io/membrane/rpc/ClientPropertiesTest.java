package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClientPropertiesTest {

  private static final URI ONE = URI.create("http://a:1");
  private static final URI OTHER = URI.create("http://b:1");

  @Test
  void aServiceIsWhereItIsSaidToBe() {
    assertThat(properties(List.of(ONE)).url("directory-service")).isEqualTo(ONE);
    assertThat(properties(List.of(ONE)).url("fragment-service")).isNull();
  }

  @Test
  void severalPlacesAreRefusedWhereOneIsCalledAndTheMessageSaysWhatToDo() {
    assertThatThrownBy(() -> properties(List.of(ONE, OTHER)).url("directory-service"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("membrane.client.peers.directory-service", "name one");
  }

  private static ClientProperties properties(List<URI> urls) {
    return new ClientProperties(
        Map.of("directory-service", urls),
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        1,
        1,
        Duration.ofSeconds(1));
  }
}
