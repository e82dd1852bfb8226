package io.membrane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.live.FleetDescription;
import io.membrane.scheduler.live.LiveSettings;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.wire.SchedulerClient.Regime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class SchedulerConfigurationTest {

  @EnableConfigurationProperties(SchedulerProperties.class)
  static class Bound {}

  private final ApplicationContextRunner bound =
      new ApplicationContextRunner().withUserConfiguration(Bound.class);

  @Test
  void byDefaultTheThresholdIsSearchedForAndEachLinkIsJudgedByItsHeadroom() {
    bound.run(context -> {
      SchedulerProperties properties = context.getBean(SchedulerProperties.class);
      assertThat(properties.thresholdTokens()).isNull();
      assertThat(properties.fleet()).isNull();
      assertThat(properties.live())
          .isEqualTo(
              new LiveSettings(
                  CongestionSettings.DEFAULT, RegimeSettings.DEFAULT, RoleSettings.DEFAULT, null));
    });
  }

  @Test
  void everyPartIsRead() {
    bound
        .withPropertyValues(
            "membrane.scheduler.threshold-tokens=0",
            "membrane.scheduler.regime=abundant",
            "membrane.scheduler.fleet=/etc/membrane/fleet.json",
            "membrane.scheduler.routing.usd-per-second=0.5",
            "membrane.scheduler.congestion.target-utilisation=0.7",
            "membrane.scheduler.headroom.scarce=0.1",
            "membrane.scheduler.roles.dwell=1m")
        .run(context -> {
          SchedulerProperties properties = context.getBean(SchedulerProperties.class);
          assertThat(properties.thresholdTokens()).isZero();
          assertThat(properties.fleet()).hasToString("/etc/membrane/fleet.json");
          assertThat(properties.routingSettings())
              .isEqualTo(new RoutingSettings(0.5, RoutingSettings.DEFAULT.maxWait()));
          LiveSettings live = properties.live();
          assertThat(live.fixedRegime()).isEqualTo(Regime.ABUNDANT);
          assertThat(live.congestion().targetUtilisation()).isEqualTo(0.7);
          assertThat(live.regime().scarceHeadroom()).isEqualTo(0.1);
          assertThat(live.roles().dwell()).isEqualTo(Duration.ofMinutes(1));
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "threshold-tokens=-1 | membrane.scheduler.threshold-tokens is -1, a negative length",
        "routing.usd-per-second=NaN | membrane.scheduler.routing is wrong",
        "routing.usd-per-second=-2 | membrane.scheduler.routing is wrong",
        "routing.max-wait=0s | membrane.scheduler.routing is wrong",
        "congestion.target-utilisation=1.5 | membrane.scheduler.congestion is wrong",
        "congestion.min-share=0 | membrane.scheduler.congestion is wrong",
        "congestion.gone-after=1s | membrane.scheduler.congestion is wrong",
        "headroom.scarce=0.9 | membrane.scheduler.headroom is wrong",
        "roles.min-samples=0 | membrane.scheduler.roles is wrong",
        "roles.low-utilisation=0.95 | membrane.scheduler.roles is wrong",
        "roles.period=0s | membrane.scheduler.roles.period is 0 ms",
      })
  void aValueThatCannotBeMeantIsRefusedAndSaysWhich(String option, String said) {
    bound
        .withPropertyValues("membrane.scheduler." + option)
        .run(context -> {
          SchedulerProperties properties = context.getBean(SchedulerProperties.class);
          assertThatThrownBy(
                  () -> List.of(properties.checked().live(), properties.routingSettings()))
              .isInstanceOf(StartupProblem.class)
              .hasMessageContaining(said);
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "threshold-tokens=-1 | membrane.scheduler.threshold-tokens is -1, a negative length",
        "fleet=/nowhere/fleet.json | /nowhere/fleet.json cannot be read",
        "profiles.east=http://127.0.0.1:9 | membrane.scheduler.profiles.east names no cluster",
        "kubernetes.mode=apply | membrane.scheduler.kubernetes.namespace is not set",
      })
  void aRefusedValueStopsTheStartAndSaysWhatToWrite(
      String option, String said, CapturedOutput output) {
    assertThatThrownBy(() -> start("--membrane.scheduler." + option)).isInstanceOf(Exception.class);
    assertThat(output).contains(said).contains("Action").doesNotContain("\tat ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | is not a fleet",
        "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": {\"nobody\": 3}}]} | nobody",
      })
  void aFleetThatIsNoneStopsTheStartAndSaysWhatIsWrongInIt(
      String json, String said, @TempDir Path folder, CapturedOutput output) throws Exception {
    Path file = Files.writeString(folder.resolve("fleet.json"), json);
    assertThatThrownBy(() -> start("--membrane.scheduler.fleet=" + file))
        .isInstanceOf(Exception.class);
    assertThat(output).contains(file.toString()).contains(said).doesNotContain("\tat ");
  }

  @Test
  void twoDescriptionsHaveOneFingerprintIfTheyDifferOnlyInTheirLooks(@TempDir Path folder)
      throws Exception {
    Path four = Files.writeString(folder.resolve("four.json"), fleetOf(4));
    Path same = Files.writeString(folder.resolve("same.json"), fleetOf(4).replace(",", " ,\n  "));
    Path five = Files.writeString(folder.resolve("five.json"), fleetOf(5));
    Path longer =
        Files.writeString(
            folder.resolve("longer.json"),
            fleetOf(4).replaceFirst("\\{", "{\"workload\": {\"output_tokens\": 512},"));

    assertThat(described("fleet=" + same).fingerprint())
        .isEqualTo(described("fleet=" + four).fingerprint());
    assertThat(
            List.of(
                described("regime=auto"),
                described("threshold-tokens=19344"),
                described("fleet=" + four),
                described("fleet=" + four, "threshold-tokens=19344"),
                described("fleet=" + five),
                described("fleet=" + longer)))
        .extracting(FleetDescription::fingerprint)
        .doesNotHaveDuplicates()
        .allMatch(f -> f.matches("[0-9a-f]{64}"));
  }

  private static String fleetOf(int prefillInstances) {
    return """
    {"clusters": [{"cluster": "far", "role": "prefill", "instances": {"h200": %d},
      "link": {"gbps": 100}}, {"cluster": "near", "role": "pd", "instances": {"h20": 8}}]}\
    """
        .formatted(prefillInstances);
  }

  private FleetDescription described(String... options) {
    AtomicReference<FleetDescription> description = new AtomicReference<>();
    bound
        .withPropertyValues(
            Stream.of(options).map(o -> "membrane.scheduler." + o).toArray(String[]::new))
        .run(context ->
            description.set(
                new LiveConfiguration()
                    .fleetDescription(context.getBean(SchedulerProperties.class))));
    return description.get();
  }

  @Test
  void anUnknownRegimeStopsTheStartAndNamesTheKnownOnes(CapturedOutput output) {
    assertThatThrownBy(() -> start("--membrane.scheduler.regime=plenty"))
        .isInstanceOf(Exception.class);
    assertThat(output)
        .contains("membrane.scheduler.regime")
        .contains("plenty")
        .contains("ABUNDANT")
        .contains("SCARCE")
        .doesNotContain("\tat ");
  }

  private static void start(String option) {
    SpringApplication.run(
            SchedulerApplication.class, "--server.port=0", "--server.address=127.0.0.1", option)
        .close();
  }
}
