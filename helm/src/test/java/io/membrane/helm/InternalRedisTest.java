package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the Redis of the chart, run by a shell with programs that tell what they got. */
class InternalRedisTest {

  /** A Secret made from a file that ends in a line break has it too. */
  private static final String GIVEN = "an \"odd\" $word\n";

  private static final String MEANT = "an \"odd\" $word";

  private final Workload redis = Chart.with(Chart.companions()).workload("redis");

  @TempDir Path programs;

  @Test
  void redisAsksForThePasswordThatServicesReadFromTheSameSecret() throws Exception {
    program("redis-server", "printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/said\"");
    List<String> command =
        Stream.concat(redis.container().getCommand().stream(), redis.container().getArgs().stream())
            .toList();

    assertThat(run(command)).isZero();

    assertThat(Files.readAllLines(programs.resolve("said")))
        .containsSequence("--requirepass", MEANT)
        .endsWith(MEANT);
  }

  @Test
  void probesShowThatPassword() throws Exception {
    program("redis-cli", "[ \"$REDISCLI_AUTH\" = 'an \"odd\" $word' ] && echo PONG || echo NOAUTH");

    assertThat(run(redis.container().getStartupProbe().getExec().getCommand())).isZero();
    assertThat(run(redis.container().getReadinessProbe().getExec().getCommand())).isZero();
  }

  @Test
  void whatItMayReachBesideIsSaid() {
    Map<String, Object> values =
        Chart.set(
            Chart.companions(),
            "networkPolicies.extraEgress",
            Map.of("redis", List.of(Map.of("ports", List.of(Map.of("port", 5353))))));

    assertThat(egress(Chart.companions())).isZero();
    assertThat(egress(values)).isOne();
  }

  private static int egress(Map<String, Object> values) {
    return Chart.with(values)
        .named(NetworkPolicy.class, "membrane-redis")
        .orElseThrow()
        .getSpec()
        .getEgress()
        .size();
  }

  private void program(String name, String script) throws IOException {
    Path file = Files.writeString(programs.resolve(name), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private int run(List<String> command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PATH", programs + ":" + System.getenv("PATH"));
    builder.environment().put("REDISCLI_AUTH", GIVEN);
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEmpty();
    return process.waitFor();
  }
}
