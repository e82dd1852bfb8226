package io.membrane.cli.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/** The redis-server that ships with the project, for this machine's system. */
public final class RedisBinary {

  private RedisBinary() {}

  /**
   * Puts it into {@code folder} unless it is there.
   *
   * @throws FleetProblem if none ships for this system
   */
  public static Path in(Path folder) {
    try {
      Files.createDirectories(folder);
      try (Stream<Path> files = Files.list(folder)) {
        var present = files.filter(Files::isExecutable).findFirst();
        if (present.isPresent()) {
          return present.get();
        }
      }
      return ExecutableProvider.newJarResourceProvider(folder.toFile()).get().toPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw new FleetProblem(
          "no redis-server ships for this system: " + e.getMessage(),
          "start a Redis and name it with --redis redis://host:port");
    }
  }
}
