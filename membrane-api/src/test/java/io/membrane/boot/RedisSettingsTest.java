package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.ConfiguredRedis;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.mock.env.MockEnvironment;

/** What an operator may say about Redis, and what settings that contradict each other are told. */
class RedisSettingsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "url=redis://redis:6379/2",
        "url=rediss://user:secret@redis:6379 ssl.bundle=redis",
        "url= password= cluster.nodes=a:1",
        "host=redis port=6379 username=user password=secret database=2 ssl.enabled=true",
        "cluster.nodes=a:1,b:2 username=user password=secret ssl.bundle=redis",
        "cluster.nodes[0]=a:1 database=0 lettuce.read-from=upstream",
        "sentinel.master=membrane sentinel.nodes=a:1,b:2 password=secret sentinel.password=other",
      })
  void settingsThatAgreeAreTaken(String settings) {
    assertThatCode(() -> RedisSettings.check(environment(settings))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "url=redis://a:1 cluster.nodes=b:2 | url, spring.data.redis.cluster.nodes | Keep one",
        "url=redis://a:1 sentinel.master=m sentinel.nodes=b:2 | url, | Keep one",
        "cluster.nodes=a:1 sentinel.master=m sentinel.nodes=b:2 | cluster.nodes, | Keep one",
        "url=redis://a:1 host=b | url, spring.data.redis.host | Keep one",
        "port=1 cluster.nodes=b:2 | .port, | Keep one",
        "sentinel.master=m | sentinel.nodes is missing | sentinel.nodes=<host>:<port>",
        "sentinel.nodes=a:1 | sentinel.master is missing | sentinel.master=<the name",
        "url=redis://a | has no port | redis://<host>:<port>",
        "url=redis://user:secret@a/2 | has no port | redis://<host>:<port>",
        "url=redis://a:1 password=p | would not be used | redis://<user>:<password>@<host>",
        "url=redis://a:1 username=u | would not be used | spring.data.redis.host and",
        "url=redis://a:1 database=3 | would not be used | redis://<host>:<port>/<database>",
        "cluster.nodes=a:1 database=3 | database 0 alone | Leave it out",
        "url=rediss://a:1 ssl.enabled=false | the url asks for TLS | Leave",
        "host=a ssl.enabled=false ssl.bundle=b | ssl.bundle asks for TLS | Leave",
        "cluster.nodes=a:1 lettuce.read-from=any-replica | may be old | reads go to primaries",
      })
  void settingsThatDoNotStopTheStartAndSayWhatToWrite(
      String settings, String problem, String action) {
    assertThatThrownBy(() -> RedisSettings.check(environment(settings)))
        .hasMessageContaining(problem)
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action, InstanceOfAssertFactories.STRING)
        .contains(action);
  }

  @Test
  void theStartItselfIsStopped() {
    assertThatThrownBy(() ->
            new ConfiguredRedis(
                    "spring.data.redis.url=redis://a:1", "spring.data.redis.cluster.nodes=b:2")
                .close())
        .rootCause()
        .isInstanceOf(StartupProblem.class);
  }

  @Test
  void aProblemNamesNoPassword() {
    assertThatThrownBy(
            () -> RedisSettings.check(environment("url=redis://u:secret@a:1 password=secret")))
        .satisfies(e -> assertThat(e + ((StartupProblem) e).action()).doesNotContain("secret"));
  }

  @Test
  void theFilesForSystemdLeaveRoomForAPassword() throws IOException {
    Path fleet = Path.of("..", "deploy", "membrane", "fleet.properties");
    MockEnvironment environment = environment("password=secret");
    PropertiesLoaderUtils.loadProperties(new FileSystemResource(fleet))
        .forEach(
            (name, value) -> environment.setProperty(String.valueOf(name), String.valueOf(value)));

    assertThatCode(() -> RedisSettings.check(environment)).doesNotThrowAnyException();
  }

  private static MockEnvironment environment(String settings) {
    MockEnvironment environment = new MockEnvironment();
    Stream.of(settings.split(" "))
        .filter(setting -> !setting.isEmpty())
        .map(setting -> setting.split("=", 2))
        .forEach(s -> environment.setProperty("spring.data.redis." + s[0], s[1]));
    return environment;
  }
}
