package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** README.md of the chart tells every value, and no other, with its default. */
class DocumentationTest {

  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\| (.*?) \\| .+ \\|$");
  private static final List<String> SERVICES =
      List.of("gateway", "directory", "fragment", "reconstruction", "scheduler", "worker");
  private static final String VARIES = "by service";

  @Test
  void everyValueIsToldWithItsDefault() {
    assertThat(told()).isEqualTo(there());
  }

  @Test
  void examplesAreTold() {
    assertThat(Chart.examples())
        .allSatisfy(name ->
            assertThat(Chart.read(Chart.FOLDER.resolve("README.md")))
                .contains("examples/" + name + ".yaml"));
  }

  private static Map<String, String> told() {
    Map<String, String> told = new TreeMap<>();
    ROW.matcher(Chart.read(Chart.FOLDER.resolve("README.md")))
        .results()
        .forEach(row -> told.put(row.group(1), row.group(2)));
    return told;
  }

  private static Map<String, String> there() {
    Map<String, Object> values = Chart.values("values.yaml");
    Map<String, String> there = new TreeMap<>();
    leaves("", values, there);
    for (String common : common(there)) {
      List<String> defaults = new ArrayList<>();
      for (String service : SERVICES) {
        String value = there.remove(service + "." + common);
        if (value != null && !defaults.contains(value)) {
          defaults.add(value);
        }
      }
      there.put("<service>." + common, defaults.size() == 1 ? defaults.getFirst() : VARIES);
    }
    return there;
  }

  private static List<String> common(Map<String, String> there) {
    return there.keySet().stream()
        .filter(path -> path.startsWith("gateway."))
        .map(path -> path.substring("gateway.".length()))
        .filter(
            path -> SERVICES.stream().allMatch(service -> there.containsKey(service + "." + path)))
        .toList();
  }

  private static void leaves(String path, Map<String, Object> map, Map<String, String> into) {
    map.forEach((key, value) -> {
      String full = path.isEmpty() ? key : path + "." + key;
      if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
        leaves(full, Yaml.map(inner), into);
      } else {
        into.put(full, "`" + Yaml.json(value) + "`");
      }
    });
  }
}
