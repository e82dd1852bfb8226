package io.membrane.system;

import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Dashboards, rules and the documents that belong to them, as they lie in the project. */
final class Dashboards {

  static final Path ROOT = Path.of(System.getProperty("membrane.root", "..")).normalize();
  static final Path RULES = ROOT.resolve("helm/membrane/rules");
  static final Path METRICS = ROOT.resolve("docs/operations/metrics.md");
  static final Path PANELS = ROOT.resolve("docs/operations/panels.md");
  static final Path RUNBOOK = ROOT.resolve("docs/operations/runbook.md");

  private static final Path FOLDER = ROOT.resolve("helm/membrane/dashboards");

  private Dashboards() {}

  /** A dashboard, by the name of its file without the ending. */
  record Dashboard(String name, JsonNode json) {

    List<JsonNode> panels() {
      List<JsonNode> panels = new ArrayList<>();
      json.get("panels").forEach(panels::add);
      return panels;
    }

    /** The queries of all panels. */
    List<Query> queries() {
      List<Query> queries = new ArrayList<>();
      for (JsonNode panel : panels()) {
        panel
            .get("targets")
            .forEach(target ->
                queries.add(
                    new Query(
                        name + ": " + panel.get("title").asString(),
                        target.get("expr").asString())));
      }
      return queries;
    }
  }

  /** A query as it stands in a panel. */
  record Query(String panel, String expression) {

    /** With everything selected, and over the last minutes. */
    String substituted() {
      return expression
          .replace("$__rate_interval", "5m")
          .replace("$cluster", ".*")
          .replace("$instance", ".*");
    }
  }

  static List<Dashboard> all() {
    return in(FOLDER, ".json").stream()
        .map(file ->
            new Dashboard(
                file.getFileName().toString().replace(".json", ""),
                WireJson.mapper().readTree(read(file))))
        .toList();
  }

  /** The queries of all panels of all dashboards. */
  static List<Query> queries() {
    return all().stream().flatMap(board -> board.queries().stream()).toList();
  }

  /** Rule files. */
  static List<Path> rules() {
    return in(RULES, ".yaml");
  }

  /** Files of rule tests. */
  static List<Path> ruleTests() {
    return in(RULES.resolve("tests"), ".yaml");
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> in(Path folder, String ending) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .map(Path::toAbsolutePath)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
