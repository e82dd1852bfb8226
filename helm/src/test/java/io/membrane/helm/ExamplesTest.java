package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** The examples, as they are. */
class ExamplesTest {

  @TestFactory
  Stream<DynamicTest> everyExampleHolds() {
    return each(name -> {
      Manifests manifests = Chart.example(name);
      Rules.check(manifests);
      assertThat(manifests.of(HasMetadata.class)).hasSizeGreaterThan(30);
    });
  }

  @TestFactory
  Stream<DynamicTest> everyExampleIsLinted(@TempDir Path folder) {
    return each(name -> {
      Path chart = folder.resolve(name);
      FileSystemUtils.copyRecursively(Chart.FOLDER, chart);
      Files.writeString(
          chart.resolve("values.yaml"),
          Yaml.json(
              merged(Chart.values("values.yaml"), Chart.values("examples/" + name + ".yaml"))));
      LintResult result = Chart.lint(chart);
      assertThat(result.isFailed()).as(String.join("\n", result.getMessages())).isFalse();
      assertThat(result.getMessages()).noneMatch(message -> message.contains("[INFO] Fail:"));
    });
  }

  @Test
  void aChartWithoutDashboardsAndRulesIsWhole(@TempDir Path folder) throws IOException {
    Path chart = folder.resolve("chart");
    FileSystemUtils.copyRecursively(Chart.FOLDER, chart);
    FileSystemUtils.deleteRecursively(chart.resolve("dashboards"));
    FileSystemUtils.deleteRecursively(chart.resolve("rules"));
    Rules.check(Chart.with(chart, Chart.values("examples/one-region.yaml")));
  }

  private static Stream<DynamicTest> each(Example example) {
    return Chart.examples().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> example.check(name)));
  }

  private interface Example {
    void check(String name) throws IOException;
  }

  private static Map<String, Object> merged(Map<String, Object> under, Map<String, Object> over) {
    Map<String, Object> merged = Yaml.map(under);
    over.forEach((key, value) -> {
      boolean areMaps = value instanceof Map && merged.get(key) instanceof Map;
      merged.put(
          key,
          areMaps ? merged(Yaml.map(merged.getOrDefault(key, Map.of())), Yaml.map(value)) : value);
    });
    return merged;
  }
}
