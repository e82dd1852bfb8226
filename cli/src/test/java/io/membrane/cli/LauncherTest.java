package io.membrane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script in a home of its own, with JDKs and a Maven that are small scripts. */
@Timeout(60)
class LauncherTest {

  private static final Path LAUNCHER = Path.of("..", "membrane").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Path project;
  private Path bin;

  /** What the launcher said and its exit status. */
  private record Said(int status, String text) {}

  @BeforeEach
  void aProjectWithoutAnything() throws IOException {
    project = Files.createDirectories(folder.resolve("project"));
    bin = Files.createDirectories(folder.resolve("bin"));
    Files.copy(LAUNCHER, project.resolve("membrane"), StandardCopyOption.COPY_ATTRIBUTES);
    for (String tool :
        List.of(
            "bash",
            "env",
            "dirname",
            "readlink",
            "grep",
            "sed",
            "find",
            "head",
            "tail",
            "ls",
            "mkdir",
            "touch",
            "sleep",
            "cat")) {
      Files.createSymbolicLink(bin.resolve(tool), tool(tool));
    }
  }

  @Test
  void javaHomeIsTakenIfItIsAJdk25() throws Exception {
    maven("3.8.7");
    Path jdk = jdk("mine", "25.0.3");

    Said said = launch(Map.of("JAVA_HOME", jdk.toString()), "test");

    assertThat(said.text()).contains("maven on " + jdk);
  }

  @Test
  void anOlderJavaHomeIsPassedOverForTheJavaOnThePath() throws Exception {
    maven("3.8.7");
    Path old = jdk("old", "17.0.9");
    Path onPath = jdk("on-path", "25");
    Files.createSymbolicLink(bin.resolve("java"), onPath.resolve("bin/java"));

    Said said = launch(Map.of("JAVA_HOME", old.toString()), "test");

    assertThat(said.text()).contains("maven on " + onPath.toRealPath());
  }

  @Test
  void theUsualPlacesAreSearched() throws Exception {
    maven("3.8.7");
    Map<String, String> places =
        Map.of(
            "jvm/temurin-25-jdk-amd64", "jvm/temurin-25-jdk-amd64",
            "mac/temurin-25.jdk/Contents/Home", "mac/temurin-25.jdk/Contents/Home",
            "home/.sdkman/candidates/java/25-tem", "home/.sdkman/candidates/java/25-tem",
            "home/.jdks/temurin-25.0.1", "home/.jdks/temurin-25.0.1");
    for (String place : places.keySet()) {
      Path jdk = jdk(place, "25.0.1");
      jdk(Path.of(place).resolveSibling("aaa-21").toString(), "21.0.1");

      Said said = launch(Map.of(), "test");

      assertThat(said.text()).contains("maven on " + jdk);
      Files.delete(jdk.resolve("bin/java"));
    }
  }

  @Test
  void aMissingJdkIsNamedWithTheCommandThatInstallsOne() throws Exception {
    maven("3.8.7");
    script(bin.resolve("apt-get"), "exit 0");
    jdk("jvm/java-21", "21.0.2");
    jdk("jvm/java-250", "250.0.2");

    Said said = launch(Map.of(), "status");

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.text()).contains("JDK 25").contains("apt-get install openjdk-25-jdk");
  }

  @Test
  void sdkmanAndHomebrewAreNamedWhereTheyAre() throws Exception {
    script(bin.resolve("brew"), "exit 0");
    assertThat(launch(Map.of(), "up").text()).contains("brew install --cask temurin@25");

    Files.createDirectories(folder.resolve("home/.sdkman"));
    assertThat(launch(Map.of(), "up").text()).contains("sdk install java 25");
  }

  @Test
  void aMissingOrOldMavenIsNamed() throws Exception {
    Path jdk = jdk("mine", "25.0.3");
    Said missing = launch(Map.of("JAVA_HOME", jdk.toString()), "test");
    assertThat(missing.status()).isEqualTo(1);
    assertThat(missing.text()).contains("no mvn on the PATH").contains("install maven");

    maven("3.6.3");
    Said old = launch(Map.of("JAVA_HOME", jdk.toString()), "test");
    assertThat(old.status()).isEqualTo(1);
    assertThat(old.text()).contains("mvn is 3.6");
  }

  @Test
  void whatIsNotBuiltIsBuiltOnceAndAgainWhenASourceIsNewer() throws Exception {
    maven("3.9.9");
    Map<String, String> environment = Map.of("JAVA_HOME", jdk("mine", "25.0.3").toString());
    Files.createDirectories(project.resolve("cli/src/main"));
    Files.createDirectories(project.resolve("cli/target"));
    Path jar = project.resolve("cli/target/cli-0.1-exec.jar");

    Said first = launch(environment, "status");
    assertThat(first.text()).contains("Building cli").contains("running -jar " + jar);
    assertThat(Files.readString(project.resolve(".membrane/build.log"))).contains("-pl cli -am");

    assertThat(launch(environment, "status").text()).doesNotContain("Building");

    Files.writeString(project.resolve("cli/src/main/New.java"), "class New {}");
    assertThat(launch(environment, "status").text()).contains("Building cli");
  }

  @Test
  void aPlanNeedsTheSchedulerAndIsBuiltAnewWhenItChanges() throws Exception {
    maven("3.9.9");
    Map<String, String> environment = Map.of("JAVA_HOME", jdk("mine", "25.0.3").toString());
    for (String module : List.of("cli", "scheduler-service")) {
      Files.createDirectories(project.resolve(module + "/src/main"));
      Files.createDirectories(project.resolve(module + "/target"));
    }
    Files.createFile(project.resolve("scheduler-service/target/scheduler-service-0.1-exec.jar"));

    assertThat(launch(environment, "plan").text()).contains("Building cli, scheduler-service");
    assertThat(launch(environment, "plan").text()).doesNotContain("Building");

    Files.writeString(project.resolve("scheduler-service/src/main/New.java"), "class New {}");
    assertThat(launch(environment, "plan").text()).contains("Building scheduler-service");
    assertThat(launch(environment, "status").text()).doesNotContain("Building");
  }

  @Test
  void aBuildThatFailsIsShownAndNothingIsStarted() throws Exception {
    script(
        bin.resolve("mvn"),
        "if [ \"$1\" = -v ]; then echo 'Apache Maven 3.9.9'; exit 0; fi",
        "echo '[ERROR] the compiler is not amused'; exit 1");

    Said said = launch(Map.of("JAVA_HOME", jdk("mine", "25.0.3").toString()), "up");

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.text())
        .contains("the compiler is not amused")
        .contains("build.log")
        .doesNotContain("running");
  }

  private Said launch(Map<String, String> environment, String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(project.resolve("membrane").toString());
    builder.command().addAll(List.of(arguments));
    Map<String, String> all = builder.environment();
    all.clear();
    all.put("PATH", bin.toString());
    all.put("HOME", Files.createDirectories(folder.resolve("home")).toString());
    all.put("MEMBRANE_JVM_ROOT", folder.resolve("jvm").toString());
    all.put("MEMBRANE_MAC_JVM_ROOT", folder.resolve("mac").toString());
    all.putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }

  /** A folder that looks like a JDK and whose java tells what it is asked to run. */
  private Path jdk(String name, String version) throws IOException {
    Path jdk = Files.createDirectories(folder.resolve(name));
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(jdk.resolve("bin/java"), "echo \"running ${*: -4}\"");
    script(jdk.resolve("bin/javac"), "exit 0");
    return jdk;
  }

  /** A Maven that says on which JDK it runs and builds the cli's jar. */
  private void maven(String version) throws IOException {
    script(
        bin.resolve("mvn"),
        "if [ \"$1\" = -v ]; then echo 'Apache Maven " + version + " (abc)'; exit 0; fi",
        "echo \"maven on $JAVA_HOME: $*\"",
        "[ -d cli/target ] && touch cli/target/cli-0.1-exec.jar",
        "exit 0");
  }

  private static void script(Path file, String... lines) throws IOException {
    Files.deleteIfExists(file);
    Files.writeString(file, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path tool(String name) {
    for (String place : List.of("/bin", "/usr/bin")) {
      Path tool = Path.of(place, name);
      if (Files.isExecutable(tool)) {
        return tool;
      }
    }
    throw new IllegalStateException("this machine has no " + name);
  }
}
