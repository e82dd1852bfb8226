package io.membrane.system;

import io.membrane.system.Dashboards.Query;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Every query of every panel with what it returns at this moment, as a table. */
final class PanelTable {

  private static final String HEAD = "| panel | query | series | a value |\n|---|---|---|---|\n";

  private PanelTable() {}

  static String of(List<Query> queries, PrometheusProcess prometheus) {
    StringBuilder table = new StringBuilder(HEAD);
    for (Query query : queries) {
      List<Double> values =
          prometheus.query(query.substituted()).stream()
              .map(PanelTable::value)
              .filter(Double::isFinite)
              .toList();
      table.append(
          String.format(
              Locale.ROOT,
              "%s %d | %s |%n",
              begin(query),
              values.size(),
              values.isEmpty() ? "" : String.format(Locale.ROOT, "%.4g", values.getFirst())));
    }
    return table.toString();
  }

  /** A row as far as it is the same in every run. */
  static String begin(Query query) {
    String expression = query.expression().replaceAll("\\s+", " ").replace("|", "\\|");
    return "| " + query.panel() + " | `" + expression + "` |";
  }

  private static double value(JsonNode series) {
    return Double.parseDouble(series.get("value").get(1).asString().replace("+Inf", "Infinity"));
  }
}
