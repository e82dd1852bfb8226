package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.core.StringRedisTemplate;

/** A password in a file that is exchanged beside a real Redis. */
class RedisPasswordTest {

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded("--requirepass", "first");

  @AfterEach
  void stop() {
    redis.close();
  }

  private ApplicationContextRunner with(Path file, String... more) {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(RedisAutoConfiguration.class, DataRedisAutoConfiguration.class))
        .withPropertyValues(
            "spring.data.redis.host=127.0.0.1",
            "spring.data.redis.port=" + redis.port(),
            "membrane.redis.password-file=" + file)
        .withPropertyValues(more);
  }

  @Test
  void aNewConnectionShowsThePasswordThatTheFileHoldsThen() throws IOException {
    Path file = Files.writeString(folder.resolve("password"), "first\n");
    RedisClient admin = RedisClient.create("redis://:first@127.0.0.1:" + redis.port());
    try (StatefulRedisConnection<String, String> operator = admin.connect()) {
      with(file)
          .run(context -> {
            StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
            template.opsForValue().set("membrane:test", "1");
            operator.sync().configSet("requirepass", "second");
            Files.writeString(file, "second");
            operator.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
            awaitValue(template);
            Files.delete(file);
            operator.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
            awaitValue(template);
          });
    } finally {
      admin.shutdown();
    }
  }

  private static void awaitValue(StringRedisTemplate template) {
    Awaitility.await()
        .ignoreExceptions()
        .until(() -> "1".equals(template.opsForValue().get("membrane:test")));
  }

  @Test
  void twoPasswordsOrNoneStopTheStart() throws IOException {
    Path file = Files.writeString(folder.resolve("password"), "first\n");
    with(file, "spring.data.redis.password=other")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("membrane.redis.password-file is set, and"));
    Files.writeString(file, " \n");
    with(file)
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("cannot be read: it is empty"));
  }
}
