package io.membrane.benchmarks.directory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What a program is told of the directory that it measures. */
final class FleetOptions {

  @Option(names = "--home", description = "Root of the project, built. Default: here.")
  private Path home = Path.of("").toAbsolutePath();

  @Option(names = "--service-argument", description = "A program argument of the service.")
  private List<String> serviceArguments = new ArrayList<>();

  DirectoryFleet start() throws IOException {
    return new DirectoryFleet(home, serviceArguments);
  }

  /** A file of the project. */
  Path resolve(Path file) {
    return home.resolve(file);
  }

  /** Processor time that this process has used so far. */
  static double clientCpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
  }
}
