package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.fleet.Member;
import io.membrane.system.InstalledProgram.Run;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/** The units as systemd reads them, and held against what the services are configured with. */
class UnitFilesTest {

  private static final List<String> SERVICES =
      Member.services().stream().map(Member::label).toList();

  /** Exposure in tenths: 14 without a bound on addresses, 12 with it. */
  private static final int EXPOSED = 14;

  private static final int EXPOSED_ON_ONE_HOST = 12;

  @TempDir Path root;
  private UnitFiles files;

  @BeforeEach
  void install() {
    files = new UnitFiles(root);
  }

  @Test
  void systemdTakesEveryUnit() {
    List<String> all =
        Stream.concat(Stream.of("membrane.target"), SERVICES.stream().map(UnitFilesTest::unit))
            .toList();

    Run verified = files.verify(all);

    assertThat(verified.output()).isEmpty();
    assertThat(verified.status()).isZero();
  }

  @Test
  void noServiceIsMoreExposedThanItNeeds() {
    for (String service : SERVICES) {
      Run analyzed = files.security(unit(service), EXPOSED);
      assertThat(analyzed.status()).as(analyzed.output()).isZero();
    }
  }

  @Test
  void onOneHostAServiceReachesNobodyElse() {
    files.with("one-host.conf", "membrane@.service");
    Run analyzed = files.security(unit("gateway"), EXPOSED_ON_ONE_HOST);
    assertThat(analyzed.status()).as(analyzed.output()).isZero();
    assertThat(files.verify(List.of(unit("gateway"))).output()).isEmpty();
  }

  @Test
  void aWorkerWithAGpuIsTakenToo() {
    files.with("gpu.conf", unit("compute-worker"));
    assertThat(files.verify(List.of(unit("compute-worker"))).output()).isEmpty();
  }

  @Test
  void aServiceHasTheTimeThatItTakesToDrain() {
    for (String service : SERVICES) {
      Properties properties = files.properties(service + ".properties");
      Duration drain =
          DurationStyle.detectAndParse(
              properties.getProperty("spring.lifecycle.timeout-per-shutdown-phase"));
      Duration stop = DurationStyle.detectAndParse(files.setting(service, "TimeoutStopSec"));
      assertThat(stop).as(service).isGreaterThan(drain.multipliedBy(2).plusSeconds(10));
    }
  }

  @Test
  void aServiceMayTakeTheMemoryThatItIsGiven() {
    for (String service : SERVICES) {
      String options = files.properties(service + ".env").getProperty("JAVA_OPTIONS");
      Properties properties = files.properties(service + ".properties");
      long given =
          size(options, "-Xmx")
              + size(options, "MaxDirectMemorySize=")
              + bytes(properties, "membrane.fragment.memory")
              + bytes(properties, "membrane.fragment.max-in-flight");
      long limit = DataSize.parse(files.setting(service, "MemoryMax").replace("M", "MB")).toBytes();
      assertThat(limit)
          .as(service)
          .isGreaterThanOrEqualTo(given + DataSize.ofMegabytes(192).toBytes());
    }
  }

  private static String unit(String service) {
    return "membrane@" + service + ".service";
  }

  private static long bytes(Properties properties, String name) {
    return DataSize.parse(properties.getProperty(name, "0B")).toBytes();
  }

  private static long size(String options, String name) {
    Matcher found = Pattern.compile(Pattern.quote(name) + "(\\d+)m").matcher(options);
    assertThat(found.find()).as(options).isTrue();
    return DataSize.ofMegabytes(Long.parseLong(found.group(1))).toBytes();
  }
}
