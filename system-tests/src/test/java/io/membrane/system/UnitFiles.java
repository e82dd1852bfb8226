package io.membrane.system;

import io.membrane.system.InstalledProgram.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/** The files of {@code deploy}, installed under a root of their own as the documentation says. */
final class UnitFiles {

  /** What a host has of its own; without them systemd-analyze finds no way to start. */
  private static final List<String> OF_THE_HOST =
      List.of(
          "sysinit.target",
          "basic.target",
          "shutdown.target",
          "multi-user.target",
          "network-online.target",
          "system.slice");

  private final Path deploy = Path.of(System.getProperty("membrane.root"), "deploy");
  private final Path root;
  private final Path units;
  private final String analyze;

  /**
   * @param root an empty folder
   */
  UnitFiles(Path root) {
    this.root = root;
    this.units = root.resolve("etc/systemd/system");
    this.analyze = InstalledProgram.named("systemd-analyze").toString();
    try {
      copy(deploy.resolve("systemd"), units);
      Path java = root.resolve("opt/membrane/jdk/bin/java");
      Files.createDirectories(java.getParent());
      Files.writeString(java, "#!/bin/true\n");
      Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String unit : OF_THE_HOST) {
        Files.writeString(units.resolve(unit), "[Unit]\nDefaultDependencies=no\n");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
  }

  /** Puts one of the optional drop-ins where the documentation says. */
  UnitFiles with(String dropIn, String unit) {
    try {
      Path folder = Files.createDirectories(units.resolve(unit + ".d"));
      Files.copy(deploy.resolve("systemd").resolve(dropIn), folder.resolve(dropIn));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Run verify(List<String> unitNames) {
    List<String> command =
        new ArrayList<>(List.of(analyze, "verify", "--man=no", "--root=" + root));
    command.addAll(unitNames);
    return Run.of(command);
  }

  /** Fails if a unit is exposed more than so, in tenths; 0 is nothing, 100 all. */
  Run security(String unit, int threshold) {
    return Run.of(
        List.of(
            analyze,
            "security",
            "--offline=true",
            "--no-pager",
            "--root=" + root,
            "--threshold=" + threshold,
            unit));
  }

  /** What one line of a service's drop-in says. */
  String setting(String service, String name) {
    return lines(deploy.resolve("systemd/membrane@" + service + ".service.d/10-membrane.conf"))
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow();
  }

  /** What the service is configured with, in {@code /etc/membrane}. */
  Properties properties(String service) {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(deploy.resolve("membrane/" + service))) {
      properties.load(reader);
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
