package io.membrane.system;

import io.membrane.cli.machine.Port;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** A Prometheus of this machine that scrapes every second. */
final class PrometheusProcess implements AutoCloseable {

  /** Value of the label {@code cluster} of all that is scraped. */
  static final String CLUSTER = "test";

  private final Process process;
  private final Http http;

  /**
   * Starts it.
   *
   * @param folder for its data and configuration
   * @param targets by job
   * @param rules files
   */
  PrometheusProcess(Path folder, Map<String, List<URI>> targets, List<Path> rules) {
    int port = Port.free(1).getFirst();
    try {
      Path configuration =
          Files.writeString(folder.resolve("prometheus.yml"), configuration(targets, rules));
      process =
          new ProcessBuilder(
                  InstalledProgram.named("prometheus").toString(),
                  "--config.file=" + configuration,
                  "--storage.tsdb.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + port,
                  "--log.level=warn")
              .redirectErrorStream(true)
              .redirectOutput(Path.of("target", "prometheus.log").toFile())
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    http = new Http(URI.create("http://127.0.0.1:" + port));
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .ignoreException(UncheckedIOException.class)
        .until(() -> http.get("/-/ready").status() == 200);
  }

  private static String configuration(Map<String, List<URI>> targets, List<Path> rules) {
    StringBuilder yaml =
        new StringBuilder("global: {scrape_interval: 1s, evaluation_interval: 1s}\n");
    yaml.append("rule_files: ").append(rules.stream().map(Path::toString).toList()).append('\n');
    yaml.append("scrape_configs:\n");
    targets.forEach((job, urls) ->
        yaml.append(
            """
              - job_name: %s
                metrics_path: /actuator/prometheus
                static_configs: [{targets: %s, labels: {cluster: %s}}]
            """
                .formatted(
                    job,
                    urls.stream().map(url -> '"' + url.getAuthority() + '"').toList(),
                    CLUSTER)));
    return yaml.toString();
  }

  /** The series of an instant query; fails if Prometheus refuses it. */
  List<JsonNode> query(String expression) {
    List<JsonNode> series = new ArrayList<>();
    get("/api/v1/query?query=" + encoded(expression)).get("result").forEach(series::add);
    return series;
  }

  /** Whether a query returns a value that is a number. */
  boolean hasNumbers(String expression) {
    return query(expression).stream()
        .anyMatch(series -> !series.get("value").get(1).asString().equals("NaN"));
  }

  /** A query's only value; 0 if there is none. */
  double number(String expression) {
    return query(expression).stream()
        .mapToDouble(series -> Double.parseDouble(series.get("value").get(1).asString()))
        .findFirst()
        .orElse(0);
  }

  /** Every rule that is loaded. */
  List<JsonNode> rules() {
    List<JsonNode> rules = new ArrayList<>();
    get("/api/v1/rules").get("groups").forEach(group -> group.get("rules").forEach(rules::add));
    return rules;
  }

  /** Names of the metrics of the jobs' series. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    get("/api/v1/label/__name__/values").forEach(name -> names.add(name.asString()));
    return names;
  }

  private JsonNode get(String path) {
    Http.Answer answer = http.get(path);
    if (answer.status() != 200) {
      throw new AssertionError(path + ": " + answer.text());
    }
    return answer.json().get("data");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
