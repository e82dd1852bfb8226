package io.membrane.cli.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/** The services' jars, unpacked once per build: a nested jar costs half a second at every start. */
public final class Jars {

  private static final String SUFFIX = "-exec.jar";

  private final Path home;
  private final Path java;

  public Jars(Path home, Path java) {
    this.home = home;
    this.java = java;
  }

  /**
   * The jar to start.
   *
   * @throws FleetProblem if the service is not built or cannot be unpacked
   */
  public Path of(Member service) {
    Path target = home.resolve(service.label()).resolve("target");
    Path built = built(service, target);
    Path app = target.resolve("app");
    Path stamp = app.resolve("unpacked-from");
    Path jar = app.resolve(service.label() + ".jar");
    try {
      String identity = identityOf(built);
      if (!identity.equals(contentOf(stamp))) {
        Files.deleteIfExists(stamp);
        unpack(service, built, app);
        Files.writeString(stamp, identity);
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path built(Member service, Path target) {
    try (Stream<Path> files = Files.list(target)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .findFirst()
          .orElseThrow(() -> notBuilt(service));
    } catch (NoSuchFileException e) {
      throw notBuilt(service);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FleetProblem notBuilt(Member service) {
    return new FleetProblem(
        service.label() + " is not built", "run ./membrane up, or mvn package -DskipTests");
  }

  /** By what is in it: a reproducible build has one time for all its jars, and often one size. */
  private static String identityOf(Path jar) throws IOException {
    try (ZipFile entries = new ZipFile(jar.toFile())) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      entries.stream()
          .map(entry -> entry.getName() + " " + entry.getCrc() + "\n")
          .forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String contentOf(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private void unpack(Member service, Path built, Path app) throws IOException {
    List<String> command =
        List.of(
            java.toString(),
            "-XX:TieredStopAtLevel=1",
            "-Djarmode=tools",
            "-jar",
            built.toString(),
            "extract",
            "--force",
            "--application-filename",
            service.label() + ".jar",
            "--destination",
            app.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new FleetProblem("unpacking " + built + " failed: " + said, "build it again");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new FleetProblem("interrupted", "start again");
    }
  }
}
