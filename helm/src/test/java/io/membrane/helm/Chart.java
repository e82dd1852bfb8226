package io.membrane.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The chart of this repository, and what it becomes with values. */
public final class Chart {

  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  static final Path FOLDER = ROOT.resolve("helm/membrane");
  static final String RELEASE = "membrane";
  static final String NAMESPACE = "llm";

  /** The oldest that Chart.yaml allows. */
  private static final String KUBERNETES = "1.30.0";

  private Chart() {}

  /** What Helm makes of the chart with these values over its own. */
  public static Manifests with(Map<String, Object> values) {
    return with(FOLDER, values);
  }

  /** As {@link #with(Map)}, of a copy of the chart. */
  static Manifests with(Path chart, Map<String, Object> values) {
    return Manifests.of(text(chart, RELEASE, NAMESPACE, values));
  }

  /** As {@link #with(Map)}, as a release of another name in another namespace. */
  static Manifests released(String name, String namespace, Map<String, Object> values) {
    return Manifests.of(text(FOLDER, name, namespace, values));
  }

  static Manifests example(String name) {
    return with(values("examples/" + name + ".yaml"));
  }

  /** Values from a file of the chart. */
  static Map<String, Object> values(String file) {
    return Yaml.map(read(FOLDER.resolve(file)));
  }

  /** Values with which each switch may be set: what any of them needs is there. */
  static Map<String, Object> companions() {
    return Yaml.map(read(Path.of("src/test/resources/companions.yaml")));
  }

  static List<String> examples() {
    try (Stream<Path> files = Files.list(FOLDER.resolve("examples"))) {
      return files
          .map(file -> file.getFileName().toString().replace(".yaml", ""))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Helm's linter says, warnings being errors. */
  static LintResult lint(Path chart) {
    return new Helm(chart).lint().strict().call();
  }

  /** A value at a path such as {@code redis.tls.enabled}, in a copy of the values. */
  public static Map<String, Object> set(Map<String, Object> values, String path, Object value) {
    Map<String, Object> copy = new LinkedHashMap<>(values);
    int dot = path.indexOf('.');
    if (dot < 0) {
      copy.put(path, value);
    } else {
      String first = path.substring(0, dot);
      Map<String, Object> inner = Yaml.map(copy.getOrDefault(first, Map.of()));
      copy.put(first, set(inner, path.substring(dot + 1), value));
    }
    return copy;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(
      Path chart, String name, String namespace, Map<String, Object> values) {
    try {
      Path file = Files.createTempFile("values", ".json");
      try {
        Files.writeString(file, Yaml.json(values));
        return new Helm(chart)
            .template()
            .withName(name)
            .withNamespace(namespace)
            .withKubeVersion(KUBERNETES)
            .withValuesFile(file)
            .call();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
