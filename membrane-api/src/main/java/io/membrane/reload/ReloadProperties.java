package io.membrane.reload;

import io.membrane.boot.StartupProblem;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which settings are taken while the service runs.
 *
 * @param file YAML with nothing but such settings; unset: none are
 * @param every how often it is looked at, half a second to ten minutes
 */
@ConfigurationProperties("membrane.reload")
public record ReloadProperties(@Nullable Path file, @DefaultValue("5s") Duration every) {

  private static final Duration LEAST = Duration.ofMillis(500);
  private static final Duration MOST = Duration.ofMinutes(10);

  /** Stops the start if a value cannot be meant. */
  public ReloadProperties {
    if (every.compareTo(LEAST) < 0 || every.compareTo(MOST) > 0) {
      throw new StartupProblem(
          "membrane.reload.every is " + every,
          "Set membrane.reload.every to 500ms to 10m, for example 5s.");
    }
  }
}
