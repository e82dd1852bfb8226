package io.membrane.system;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A program that the machine may have, of a package that the project does not bring. */
final class InstalledProgram {

  /** Set where all of them are to be there: what is missing then fails instead of being skipped. */
  private static final String REQUIRED = "MEMBRANE_REQUIRE_PROGRAMS";

  private static final long LIMIT_SECONDS = 60;

  private InstalledProgram() {}

  /** Where it is; the test is skipped, or fails where it is required, if there is none. */
  static Path named(String name) {
    Path found =
        Stream.concat(
                Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    if (found == null && System.getenv(REQUIRED) != null) {
      throw new AssertionError(name + " is not installed, and " + REQUIRED + " is set");
    }
    Assumptions.assumeTrue(found != null, name + " is not installed on this machine");
    return Objects.requireNonNull(found);
  }

  /** How a program that ends by itself ended, and all that it said. */
  record Run(int status, String output) {

    static Run of(List<String> command) {
      try {
        Path said = Files.createTempFile("membrane-program", ".txt");
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new AssertionError(command + " still runs after " + LIMIT_SECONDS + " s");
        }
        String output = Files.readString(said, StandardCharsets.UTF_8);
        Files.delete(said);
        return new Run(process.exitValue(), output);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }
}
