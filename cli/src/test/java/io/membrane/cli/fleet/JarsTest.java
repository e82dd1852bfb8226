package io.membrane.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.cli.machine.Executables;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarsTest {

  @TempDir private Path home;

  /** Main class of the jars: unpacks as Spring Boot's tools do, here its one resource. */
  static final class Unpacking {
    private Unpacking() {}

    public static void main(String[] args) throws IOException {
      List<String> given = List.of(args);
      Path to = Path.of(given.get(given.indexOf("--destination") + 1));
      Files.createDirectories(to);
      try (InputStream content = Unpacking.class.getResourceAsStream("/content")) {
        Files.write(
            to.resolve(given.get(given.indexOf("--application-filename") + 1)),
            Objects.requireNonNull(content).readAllBytes());
      }
    }
  }

  @Test
  void aRebuildIsUnpackedAnewThoughItsTimeAndSizeAreTheSame() throws IOException {
    Jars jars = new Jars(home, Executables.java());
    build("old");
    assertThat(jars.of(Member.GATEWAY)).hasContent("old");
    build("new");
    assertThat(jars.of(Member.GATEWAY)).hasContent("new");
  }

  @Test
  void whatIsUnpackedStaysUntilTheNextBuild() throws IOException {
    Jars jars = new Jars(home, Executables.java());
    build("old");
    Files.writeString(jars.of(Member.GATEWAY), "untouched");
    assertThat(jars.of(Member.GATEWAY)).hasContent("untouched");
  }

  @Test
  void aServiceThatIsNotBuiltIsNamed() {
    assertThatThrownBy(() -> new Jars(home, Executables.java()).of(Member.GATEWAY))
        .isInstanceOf(FleetProblem.class)
        .hasMessageContaining("gateway is not built");
  }

  private void build(String content) throws IOException {
    Path target = Files.createDirectories(home.resolve("gateway/target"));
    Path jar = target.resolve("gateway-1-exec.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Unpacking.class.getName());
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest)) {
      String name = Unpacking.class.getName().replace('.', '/') + ".class";
      out.putNextEntry(new JarEntry(name));
      try (InputStream bytes = Unpacking.class.getResourceAsStream("/" + name)) {
        Objects.requireNonNull(bytes).transferTo(out);
      }
      out.putNextEntry(new JarEntry("content"));
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
  }
}
