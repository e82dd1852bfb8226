package io.membrane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.NodeState;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.RouteRequest;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerClientTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "a\nb", "a\u001b[2Jb", "a\u2028b", "a\u202eb", "a\ud800"})
  void namesThatCannotBeReadInALogAreRefused(String name) {
    assertThat(wrong(name, "node")).containsExactly("clusters[0].cluster");
    assertThat(wrong("cluster", name)).containsExactly("clusters[0].nodes[0].node");
  }

  @Test
  void anyPrintableNamesAreTaken() {
    assertThat(wrong("us east 1", "münchen/東京")).isEmpty();
    assertThat(wrong("x".repeat(256), "gpu\ud83d\ude80")).isEmpty();
    assertThat(wrong("x".repeat(257), "node")).isNotEmpty();
  }

  private static List<String> wrong(String cluster, String node) {
    RouteRequest request =
        new RouteRequest(
            9,
            List.of(new ClusterState(cluster, Role.PD, 0, List.of(new NodeState(node, 0, null)))),
            null);
    try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
      return factory.getValidator().validate(request).stream()
          .map(ConstraintViolation::getPropertyPath)
          .map(Object::toString)
          .toList();
    }
  }
}
