package io.membrane.reload;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

/**
 * The file that {@code membrane.reload.file} names, as a source of properties: before those of
 * configuration files, after the command line and the environment.
 */
final class LiveFile implements EnvironmentPostProcessor, Ordered {

  static final String SOURCE = "membrane.reload.file";

  @Override
  public int getOrder() {
    return ConfigDataEnvironmentPostProcessor.ORDER + 1;
  }

  /**
   * Takes the file in at the start.
   *
   * @throws StartupProblem if it cannot be read
   */
  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    String file = environment.getProperty("membrane.reload.file", "");
    if (file.isBlank()) {
      return;
    }
    try {
      put(environment.getPropertySources(), read(Files.readAllBytes(Path.of(file))));
    } catch (IOException | RuntimeException e) {
      StartupProblem problem =
          new StartupProblem(
              "membrane.reload.file is " + file + ", which cannot be read: " + e.getMessage(),
              "Name a YAML file that this process may read, or leave membrane.reload.file out.");
      problem.initCause(e);
      throw problem;
    }
  }

  /** The properties of such a file; none if it is empty, or an empty mapping. */
  static EnumerablePropertySource<?> read(byte[] yaml) throws IOException {
    List<PropertySource<?>> documents =
        new YamlPropertySourceLoader().load(SOURCE, new ByteArrayResource(yaml));
    if (documents.size() > 1) {
      throw new IOException("it has several documents; write one");
    }
    @Nullable PropertySource<?> only = documents.isEmpty() ? null : documents.getFirst();
    return only instanceof EnumerablePropertySource<?> each && isNamed(each)
        ? each
        : new MapPropertySource(SOURCE, Map.of());
  }

  /** Of {@code {}} Spring makes one property without a name. */
  private static boolean isNamed(EnumerablePropertySource<?> source) {
    return Arrays.stream(source.getPropertyNames()).allMatch(Objects::nonNull);
  }

  /** Puts it in the place of what it held before. */
  static void put(MutablePropertySources sources, PropertySource<?> live) {
    if (sources.contains(SOURCE)) {
      sources.replace(SOURCE, live);
    } else if (sources.contains(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME)) {
      sources.addAfter(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, live);
    } else {
      sources.addLast(live);
    }
  }
}
