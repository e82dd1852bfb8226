package io.membrane.reload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A small application beside a mounted file. */
@ExtendWith(OutputCaptureExtension.class)
class LiveFileWatchTest {

  @TempDir Path folder;

  private Path file;

  /** A number that may change, below 10. */
  static final class Figure implements LiveSettings {

    private final String name;
    private final List<Integer> history = new ArrayList<>();
    private volatile int value = -1;

    Figure(String name) {
      this.name = name;
    }

    @Override
    public List<String> prefixes() {
      return List.of("test." + name + ".");
    }

    @Override
    public Runnable prepared(Binder properties) {
      int next = properties.bind("test." + name + ".value", Integer.class).orElse(0);
      if (next > 9) {
        throw new StartupProblem("test." + name + ".value is " + next, "Set it to 9 or less.");
      }
      return () -> {
        value = next;
        history.add(next);
      };
    }
  }

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration(ReloadAutoConfiguration.class)
  static class Application {
    @Bean
    Figure one() {
      return new Figure("one");
    }

    @Bean
    Figure other() {
      return new Figure("other");
    }
  }

  @BeforeEach
  void name() {
    file = folder.resolve("live.yaml");
  }

  private void write(String yaml) throws IOException {
    Path next = Files.writeString(folder.resolve("next"), yaml);
    Files.move(
        next,
        file,
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private ConfigurableApplicationContext run(String... more) {
    SpringApplication application = new SpringApplication(Application.class);
    application.setWebApplicationType(WebApplicationType.NONE);
    List<String> arguments =
        new ArrayList<>(List.of("--membrane.reload.file=" + file, "--membrane.reload.every=500ms"));
    arguments.addAll(List.of(more));
    return application.run(arguments.toArray(String[]::new));
  }

  private static void await(int expected, Figure number) {
    Awaitility.await().until(() -> number.value == expected);
  }

  @Test
  void whatChangesIsInForceAndWhatIsWrongIsRefusedAsAWhole(CapturedOutput output)
      throws IOException {
    write("test: {one: {value: 1}}");
    try (ConfigurableApplicationContext context = run()) {
      Figure one = context.getBean("one", Figure.class);
      Figure other = context.getBean("other", Figure.class);
      LiveFileWatch watch = context.getBean(LiveFileWatch.class);
      assertThat(context.getEnvironment().getProperty("test.one.value")).isEqualTo("1");

      write("test.one.value: 2\ntest.other.value: 3\n");
      await(3, other);
      assertThat(one.value).isEqualTo(2);
      assertThat(context.getEnvironment().getProperty("test.other.value")).isEqualTo("3");

      write("test.one.value: 4\ntest.other.value: 10\n");
      Awaitility.await().until(() -> watch.refusals() == 1);
      assertThat(watch.isCurrent()).isFalse();
      assertThat(output).contains("test.other.value is 10. Set it to 9 or less.");
      write("test.one.value: 4\nserver.port: 1\n");
      Awaitility.await().until(() -> watch.refusals() == 2);
      assertThat(output).contains("server.port cannot change while the service runs");
      write("test: [");
      Awaitility.await().until(() -> watch.refusals() == 3);
      Files.delete(file);
      Awaitility.await().until(() -> watch.refusals() == 4);
      assertThat(one.value).isEqualTo(2);
      assertThat(one.history).containsExactly(2);
      assertThat(context.getEnvironment().getProperty("test.one.value")).isEqualTo("2");

      write("");
      await(0, one);
      assertThat(other.value).isZero();
      assertThat(watch.isCurrent()).isTrue();
      assertThat(watch.reloads()).isEqualTo(2);
    }
  }

  @Test
  void aMappingOfNothingIsAFileThatNamesNothing() throws IOException {
    write("{}\n");
    try (ConfigurableApplicationContext context = run()) {
      Figure one = context.getBean("one", Figure.class);
      write("test.one.value: 1");
      await(1, one);
      write("{}\n");
      await(0, one);
      assertThat(context.getBean(LiveFileWatch.class).refusals()).isZero();
    }
  }

  @Test
  void theEnvironmentAndTheCommandLineComeBeforeTheFile() throws IOException {
    write("test.one.value: 1");
    try (ConfigurableApplicationContext context = run("--test.one.value=7")) {
      assertThat(context.getEnvironment().getProperty("test.one.value")).isEqualTo("7");
      write("test.one.value: 2\ntest.other.value: 2\n");
      await(2, context.getBean("other", Figure.class));
      assertThat(context.getBean("one", Figure.class).value).isEqualTo(7);
    }
  }

  @Test
  void levelsOfLoggersChangeAndAreInheritedAgain() throws IOException {
    write("logging.level.io.membrane.test-of-levels: debug");
    var logger = LoggerFactory.getLogger("io.membrane.test-of-levels");
    try (ConfigurableApplicationContext context = run()) {
      assertThat(logger.isDebugEnabled()).as("from the start").isTrue();
      write("logging.level.io.membrane.test-of-levels: warn");
      Awaitility.await().until(() -> !logger.isInfoEnabled());
      write("logging.level.io.membrane.test-of-levels: loud");
      LiveFileWatch watch = context.getBean(LiveFileWatch.class);
      Awaitility.await().until(() -> watch.refusals() == 1);
      write("test.one.value: 1");
      Awaitility.await().until(logger::isInfoEnabled);
      assertThat(logger.isDebugEnabled()).isFalse();
    } finally {
      LoggingSystem.get(getClass().getClassLoader())
          .setLogLevel("io.membrane.test-of-levels", null);
    }
  }

  @Test
  void aFileThatIsNotThereOrHasOtherSettingsStopsTheStart() throws IOException {
    assertThatThrownBy(this::run)
        .hasRootCauseInstanceOf(IOException.class)
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("which cannot be read");
    write("spring.application.name: other");
    assertThatThrownBy(this::run)
        .hasStackTraceContaining("spring.application.name cannot change while the service runs");
  }
}
