package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.system.Dashboards.Query;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real Prometheus scrapes the real fleet under a small load. */
class MonitoringTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** A row of a table in the docs that begins with a metric's name, which may end in a star. */
  private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\| `([a-z0-9_]+\\*?)` \\|");

  private static final Pattern BOUND = Pattern.compile("(?m)^\\| ([a-z-]+) \\| ([0-9,]+) \\|");

  /** What Prometheus makes of a histogram, a timer or a summary. */
  private static final Pattern PART = Pattern.compile("_(bucket|count|sum|max)$");

  /** Tenants that are told apart, and what stands for the others. */
  private static final int TENANTS = 65;

  @TempDir static Path folder;

  private static RareParts rare;
  private static SmallLoad load;
  private static PrometheusProcess prometheus;

  @BeforeAll
  static void start() {
    Path _ = InstalledProgram.named("prometheus");
    rare = new RareParts(folder, FLEET.metrics("directory-service"));
    load = new SmallLoad(FLEET, rare);
    rare.awaitReady();
    Map<String, List<URI>> targets = new HashMap<>();
    for (String service : TestFleet.SERVICES) {
      List<URI> instances = new ArrayList<>(List.of(FLEET.metrics(service)));
      URI more = rare.targets().get(service);
      if (more != null) {
        instances.add(more);
      }
      targets.put(service, instances);
    }
    prometheus = new PrometheusProcess(folder, targets, Dashboards.rules());
  }

  @AfterAll
  static void stop() {
    if (prometheus != null) {
      prometheus.close();
    }
    if (rare != null) {
      rare.close();
    }
  }

  @Test
  void everyQueryOfEveryPanelReturnsNumbers() throws IOException {
    List<Query> silent = new ArrayList<>(Dashboards.queries());
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofSeconds(2))
        .untilAsserted(() -> {
          load.round();
          silent.removeIf(query -> prometheus.hasNumbers(query.substituted()));
          assertThat(silent).isEmpty();
        });
    Files.writeString(
        Path.of("target", "panels.md"), PanelTable.of(Dashboards.queries(), prometheus));
  }

  @Test
  void theListOfPanelsWithTheirValuesHasEveryQuery() {
    String list = Dashboards.read(Dashboards.PANELS);
    assertThat(Dashboards.queries())
        .allSatisfy(query -> assertThat(list).contains(PanelTable.begin(query)));
  }

  @Test
  void everyRuleIsEvaluatedWithoutAnError() {
    Awaitility.await()
        .atMost(LIMIT)
        .until(() ->
            prometheus.rules().stream()
                .noneMatch(rule -> rule.get("health").asString().equals("unknown")));
    for (JsonNode rule : prometheus.rules()) {
      assertThat(rule.get("health").asString()).as(rule.toString()).isEqualTo("ok");
    }
    int all = TestFleet.SERVICES.size() + rare.targets().size();
    Awaitility.await().atMost(LIMIT).until(() -> prometheus.number("count(up == 1)") == all);
  }

  @Test
  void everyMetricIsDocumentedAndEveryOneOfOursIsUsedOrQuestioned() {
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(() -> {
          load.round();
          assertThat(prometheus.names()).contains("membrane_worker_provider_calls_seconds_count");
        });
    String docs = Dashboards.read(Dashboards.METRICS);
    List<String> documented =
        DOCUMENTED.matcher(docs).results().map(result -> result.group(1)).toList();
    String questioned = docs.substring(docs.indexOf("## Not used"));
    String used =
        Dashboards.queries().stream().map(Query::expression).collect(Collectors.joining("\n"));
    String all =
        used + Dashboards.rules().stream().map(Dashboards::read).collect(Collectors.joining());
    for (String name : prometheus.names()) {
      String metric = PART.matcher(name).replaceFirst("");
      if (isScraped(name)) {
        assertThat(documented)
            .as(name + " has no row in docs/operations/metrics.md")
            .anyMatch(row -> matches(row, metric) || matches(row, name));
      }
      if (name.startsWith("membrane_")) {
        assertThat(isNamed(all, metric) || questioned.contains("`" + metric + "`"))
            .as(name + " is on no panel and in no rule, and nobody asks why")
            .isTrue();
      }
    }
  }

  @Test
  void manyTenantsDoNotMakeManySeries() {
    load.tenants(3 * TENANTS);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() ->
            prometheus.number(
                    "count(count by (tenant) (membrane_fragment_gets_total{tenant=\"other\"}))")
                > 0);
    assertThat(prometheus.number("count(count by (tenant) (membrane_fragment_gets_total))"))
        .isLessThanOrEqualTo(TENANTS);
    BOUND
        .matcher(Dashboards.read(Dashboards.METRICS))
        .results()
        .forEach((MatchResult row) -> {
          int bound = Integer.parseInt(row.group(2).replace(",", ""));
          assertThat(
                  prometheus.number(
                      "max(scrape_samples_scraped{job=\"%s\"})".formatted(row.group(1))))
              .as("series of " + row.group(1))
              .isPositive()
              .isLessThanOrEqualTo(bound);
        });
  }

  /** Neither recorded by our rules nor made by Prometheus. */
  private static boolean isScraped(String name) {
    return !name.contains(":")
        && !name.startsWith("scrape_")
        && !name.equals("ALERTS")
        && !name.equals("ALERTS_FOR_STATE")
        && !name.equals("up");
  }

  /** Whether queries name a metric, or a part of it, and not just one that begins like it. */
  private static boolean isNamed(String queries, String metric) {
    return Pattern.compile("\\b" + metric + "(_bucket|_count|_sum|_max)?\\b")
        .matcher(queries)
        .find();
  }

  private static boolean matches(String row, String metric) {
    return row.endsWith("*")
        ? metric.startsWith(row.substring(0, row.length() - 1))
        : row.equals(metric);
  }
}
