package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.system.Dashboards.Dashboard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Dashboards keep to one form, rules are tested and every alert can be looked up. */
class DashboardFormTest {

  private static final Set<String> KINDS =
      Set.of("timeseries", "stat", "table", "heatmap", "bargauge");

  /** Grafana's ids of the units that are used. */
  private static final Set<String> UNITS =
      Set.of("short", "s", "bytes", "Bps", "Gbits", "ops", "reqps", "percentunit");

  private static final int COLUMNS = 24;
  private static final Pattern ALERT = Pattern.compile("- alert: (\\w+)");

  static List<Dashboard> dashboards() {
    return Dashboards.all();
  }

  @Test
  void thereIsADashboardForEachPartOfTheFleetAndTheirIdsDiffer() {
    assertThat(dashboards())
        .extracting(Dashboard::name)
        .containsExactlyInAnyOrder(
            "overview",
            "store",
            "directory",
            "reconstruction",
            "scheduler",
            "workers",
            "tenants",
            "gateway");
    assertThat(dashboards())
        .allSatisfy(d -> assertThat(text(d.json(), "uid")).isEqualTo("membrane-" + d.name()));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void aDashboardIsOfTheModelThatGrafanaLoads(Dashboard dashboard) {
    JsonNode json = dashboard.json();
    assertThat(json.get("schemaVersion").asInt()).isEqualTo(39);
    assertThat(json.has("id")).as("an id is one installation's").isFalse();
    assertThat(text(json, "title")).startsWith("Membrane / ");
    assertThat(text(json, "description")).isNotBlank();
    assertThat(json.at("/time/from").asString()).startsWith("now-");
    assertThat(json.at("/time/to").asString()).isEqualTo("now");
    List<String> variables = new ArrayList<>();
    json.at("/templating/list").forEach(variable -> variables.add(text(variable, "name")));
    assertThat(variables).containsExactly("datasource", "cluster", "instance");
    assertThat(json.at("/templating/list/0/type").asString()).isEqualTo("datasource");
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void everyPanelSaysWhatItShowsInWhichUnit(Dashboard dashboard) {
    Set<Integer> ids = new HashSet<>();
    Set<String> titles = new HashSet<>();
    for (JsonNode panel : dashboard.panels()) {
      String title = text(panel, "title");
      assertThat(titles.add(title)).as(title).isTrue();
      assertThat(ids.add(panel.get("id").asInt())).as(title).isTrue();
      assertThat(KINDS).as(title).contains(text(panel, "type"));
      assertThat(text(panel, "description")).as(title).endsWith(".");
      assertThat(UNITS).as(title).contains(panel.at("/fieldConfig/defaults/unit").asString());
      assertThat(panel.at("/datasource/uid").asString()).as(title).isEqualTo("${datasource}");
      assertThat(panel.at("/datasource/type").asString()).as(title).isEqualTo("prometheus");
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void everyQueryFollowsTheVariablesAndNamesItsLines(Dashboard dashboard) {
    for (JsonNode panel : dashboard.panels()) {
      String title = text(panel, "title");
      Set<String> letters = new HashSet<>();
      assertThat(panel.get("targets").size()).as(title).isPositive();
      panel
          .get("targets")
          .forEach(target -> {
            assertThat(letters.add(text(target, "refId"))).as(title).isTrue();
            assertThat(text(target, "legendFormat")).as(title).isNotBlank();
            String expression = text(target, "expr");
            assertThat(expression).as(title).contains("cluster=~\"$cluster\"");
            assertThat(expression).as(title).doesNotContainPattern("rate\\([^\\[]*\\[\\d");
          });
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panelsFillTheGridAndDoNotOverlap(Dashboard dashboard) {
    Set<String> taken = new HashSet<>();
    for (JsonNode panel : dashboard.panels()) {
      JsonNode at = panel.get("gridPos");
      int right = at.get("x").asInt() + at.get("w").asInt();
      assertThat(right).isLessThanOrEqualTo(COLUMNS);
      for (int x = at.get("x").asInt(); x < right; x++) {
        for (int y = 0; y < at.get("h").asInt(); y++) {
          String cell = x + "," + (at.get("y").asInt() + y);
          assertThat(taken.add(cell)).as(text(panel, "title") + " at " + cell).isTrue();
        }
      }
    }
  }

  @Test
  void everyRuleLoadsAndKeepsItsTests() throws Exception {
    promtool(List.of("check", "rules"), Dashboards.rules());
    promtool(List.of("test", "rules"), Dashboards.ruleTests());
  }

  @Test
  void thePrometheusOfTheComposeFileScrapesEveryService() throws Exception {
    Path configuration = Dashboards.ROOT.resolve("monitoring/prometheus.yml").toAbsolutePath();
    promtool(List.of("check", "config"), List.of(configuration));
    assertThat(TestFleet.SERVICES)
        .allSatisfy(service ->
            assertThat(Dashboards.read(configuration))
                .containsPattern("\"" + service + ":\\d+\"].*job: " + service + ","));
  }

  @Test
  void everyAlertFiresAndStaysQuietInATestAndHasAnEntryInTheRunbook() {
    String tests = String.join("", Dashboards.ruleTests().stream().map(Dashboards::read).toList());
    String runbook = Dashboards.read(Dashboards.RUNBOOK);
    String rules = Dashboards.read(Dashboards.RULES.resolve("alerts.yaml"));
    List<String> alerts = ALERT.matcher(rules).results().map(result -> result.group(1)).toList();
    assertThat(alerts).hasSizeGreaterThan(30).doesNotHaveDuplicates();
    for (String alert : alerts) {
      assertThat(tests).contains("name: " + alert + " fires", "name: " + alert + " does not fire");
      assertThat(runbook).contains("\n## " + alert + "\n");
      assertThat(rules)
          .contains("docs/operations/runbook.md#" + alert.toLowerCase(java.util.Locale.ROOT));
    }
    assertThat(Pattern.compile("(?m)^## (\\w+)$").matcher(runbook).results())
        .extracting((MatchResult entry) -> entry.group(1))
        .containsExactlyInAnyOrderElementsOf(alerts);
  }

  @Test
  void everyRecordedFigureIsTested() {
    String tests = Dashboards.read(Dashboards.RULES.resolve("tests/recording.yaml"));
    Pattern.compile("- record: (\\S+)")
        .matcher(Dashboards.read(Dashboards.RULES.resolve("recording.yaml")))
        .results()
        .forEach(rule -> assertThat(tests).contains("expr: " + rule.group(1) + "\n"));
  }

  private static void promtool(List<String> verb, List<Path> files)
      throws IOException, InterruptedException {
    List<String> command =
        Stream.of(
                Stream.of(InstalledProgram.named("promtool").toString()),
                verb.stream(),
                files.stream().map(Path::toString))
            .flatMap(parts -> parts)
            .toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.get(field);
    return value == null ? "" : value.asString();
  }
}
