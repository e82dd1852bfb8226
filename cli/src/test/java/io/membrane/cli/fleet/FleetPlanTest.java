package io.membrane.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FleetPlanTest {

  @TempDir private Path home;

  @BeforeEach
  void aModel() throws IOException {
    Path model = Files.createDirectories(home.resolve(FleetPlan.BUNDLED_MODEL));
    Files.writeString(model.resolve("config.json"), "{}");
  }

  @Test
  void theUsualPortsAreThoseOfTheContract() {
    FleetPlan plan = FleetPlan.in(home);

    assertThat(plan.port(Member.GATEWAY)).isEqualTo(8080);
    assertThat(plan.port(Member.DIRECTORY)).isEqualTo(8081);
    assertThat(plan.port(Member.FRAGMENT)).isEqualTo(8082);
    assertThat(plan.port(Member.RECONSTRUCTION)).isEqualTo(8083);
    assertThat(plan.port(Member.SCHEDULER)).isEqualTo(8084);
    assertThat(plan.port(Member.COMPUTE)).isEqualTo(8085);
    assertThat(plan.healthPort(Member.COMPUTE)).isEqualTo(8085);
    assertThat(plan.healthPort(Member.GATEWAY)).isEqualTo(8090);
  }

  @Test
  void theMembrainProtocolMovesWithTheOthersAndHasNoPortIfTheyDoNotStandTogether() {
    FleetPlan plan = FleetPlan.in(home);

    assertThat(plan.membrainPort()).isEqualTo(9201);
    assertThat(plan.withPorts(FleetPlan.portsFrom(9000)).membrainPort()).isEqualTo(10_121);
    assertThat(plan.withPorts(FleetPlan.portsFrom(65_000)).membrainPort()).isEqualTo(-1);
    assertThat(plan.onFreePorts().membrainPort()).isEqualTo(-1);
  }

  @Test
  void everybodyMayDoEverythingUnlessSomethingElseIsSaid() {
    FleetPlan plan = FleetPlan.in(home);

    assertThat(plan.isAnonymous()).isTrue();
    assertThat(
            plan.withArguments(Member.GATEWAY, "--membrane.gateway.security.issuer=https://i")
                .isAnonymous())
        .isFalse();
  }

  @Test
  void managementCannotHaveThePortOfAProcess() {
    FleetPlan plan = FleetPlan.in(home);

    assertThatThrownBy(() -> plan.withPorts(FleetPlan.portsFrom(9000), 9001))
        .isInstanceOf(FleetProblem.class)
        .hasMessageContaining("a port of its own");
  }

  @Test
  void twoProcessesCannotHaveOnePort() {
    Map<Member, Integer> ports = new EnumMap<>(FleetPlan.portsFrom(9000));
    ports.put(Member.GATEWAY, 9001);
    FleetPlan plan = FleetPlan.in(home);

    assertThatThrownBy(() -> plan.withPorts(ports))
        .isInstanceOf(FleetProblem.class)
        .hasMessageContaining("a port of its own");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65_530, 70_000})
  void aPortOutOfRangeIsRefused(int base) {
    FleetPlan plan = FleetPlan.in(home);
    Map<Member, Integer> ports = FleetPlan.portsFrom(base);

    assertThatThrownBy(() -> plan.withPorts(ports)).isInstanceOf(FleetProblem.class);
  }

  @Test
  void aFolderWithoutAModelIsRefused() {
    FleetPlan plan = FleetPlan.in(home);

    assertThatThrownBy(() -> plan.withModel(home, 256))
        .isInstanceOfSatisfying(
            FleetProblem.class,
            problem -> assertThat(problem.advice()).contains("model.safetensors"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "1tb", "lots", "1 gb"})
  void aRedisMemoryThatIsNoSizeIsRefused(String size) {
    assertThatThrownBy(() -> new RedisChoice.Embedded(size)).isInstanceOf(FleetProblem.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:6379", "127.0.0.1", "redis:6379"})
  void aRedisUrlThatIsNoneIsRefused(String url) {
    assertThatThrownBy(() -> new RedisChoice.Existing(URI.create(url)))
        .isInstanceOf(FleetProblem.class);
  }

  @Test
  void aTakenPortStopsTheStartAndNamesItsOwnerAndTheOption() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<Member, Integer> ports = new EnumMap<>(FleetPlan.in(home).onFreePorts().ports());
      ports.put(Member.SCHEDULER, taken.getLocalPort());
      FleetPlan plan = FleetPlan.in(home).withPorts(ports);

      assertThatThrownBy(() -> Fleet.start(plan, Progress.SILENT))
          .isInstanceOfSatisfying(
              FleetProblem.class,
              problem -> {
                assertThat(problem)
                    .hasMessageContaining("scheduler-service")
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()))
                    .hasMessageContaining("pid " + ProcessHandle.current().pid());
                assertThat(problem.advice()).contains("--port scheduler-service=");
              });
    }
  }

  @Test
  void aRedisThatDoesNotAnswerStopsTheStartWithoutShowingItsPassword() {
    FleetPlan plan =
        FleetPlan.in(home)
            .onFreePorts()
            .withRedis(new RedisChoice.Existing(URI.create("redis://:s3cret@127.0.0.1:1")));

    assertThatThrownBy(() -> Fleet.start(plan, Progress.SILENT))
        .isInstanceOfSatisfying(
            FleetProblem.class,
            problem ->
                assertThat(problem)
                    .hasMessageContaining("127.0.0.1:1")
                    .hasMessageNotContaining("s3cret"));
  }

  @Test
  void aServiceThatIsNotBuiltIsNamed() {
    FleetPlan plan = FleetPlan.in(home).onFreePorts();

    assertThatThrownBy(() -> Fleet.start(plan, Progress.SILENT))
        .isInstanceOf(FleetProblem.class)
        .hasMessageContaining("is not built");
    assertThat(FleetState.load(plan.state())).isEmpty();
  }
}
