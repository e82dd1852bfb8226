package io.membrane.benchmarks;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;

/**
 * Time to first token through the gateway of a fleet that it starts: a random prompt that nobody
 * has seen, and the same prompt again, whose blocks are then all stored. Both times the answer
 * carries the next token that the model predicts; the second time only the prompt's last token is
 * computed, on top of fetched KV.
 *
 * <pre>
 * java benchmarks/src/main/java/io/membrane/benchmarks/RandomModel.java /tmp/half-b models/tiny-llama
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.TtftBenchmark . /tmp/half-b 2048 5
 * </pre>
 */
public final class TtftBenchmark {

  private static final int VOCABULARY = 1000;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private TtftBenchmark() {}

  /**
   * Arguments: project root, model directory, tokens of a prompt, rounds after as many to warm up.
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 4) {
      throw new IllegalArgumentException(
          "usage: TtftBenchmark <project root> <model directory> <tokens> <rounds>");
    }
    int tokens = Integer.parseInt(args[2]);
    int rounds = Integer.parseInt(args[3]);
    FleetPlan plan =
        FleetPlan.in(Path.of(args[0]))
            .onFreePorts()
            .withState(Files.createTempDirectory("membrane-ttft"))
            .withModel(Path.of(args[1]).toAbsolutePath(), 256);
    double[] cold = new double[rounds];
    double[] cached = new double[rounds];
    try (Fleet fleet = Fleet.start(plan, Progress.SILENT);
        HttpClient http = HttpClient.newHttpClient()) {
      URI contexts = fleet.url(Member.GATEWAY).resolve("/v1/contexts");
      for (int round = -rounds; round < rounds; round++) {
        long[] prompt = new Random(round).longs(tokens, 0, VOCABULARY).toArray();
        double first = time(http, contexts, prompt, 0);
        double again = time(http, contexts, prompt, tokens / 256 * 256);
        if (round >= 0) {
          cold[round] = first;
          cached[round] = again;
        }
      }
    }
    double[] ratio = new double[rounds];
    Arrays.setAll(ratio, i -> cold[i] / cached[i]);
    System.out.printf("%s, %d tokens, %d rounds%n", plan.model().getFileName(), tokens, rounds);
    print("cold, ms", cold);
    print("cached, ms", cached);
    print("cold / cached", ratio);
  }

  private static double time(HttpClient http, URI url, long[] prompt, int expectReused)
      throws IOException, InterruptedException {
    String body =
        WireJson.mapper().writeValueAsString(Map.of("tokens", prompt, "next_token", true));
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header("Membrane-Deadline-Ms", Long.toString(PATIENCE.toMillis()))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    long start = System.nanoTime();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    double millis = (System.nanoTime() - start) / 1e6;
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    ContextResponse context = WireJson.mapper().readValue(answer.body(), ContextResponse.class);
    int reused = context.coverage().reusedTokens();
    if (context.nextToken() == null
        || reused < expectReused - 1
        || (expectReused == 0 && reused > 0)) {
      throw new IllegalStateException("not what is to be measured: " + answer.body());
    }
    return millis;
  }

  private static void print(String what, double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "%-14s min %9.1f   median %9.1f   max %9.1f%n",
        what, sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
  }
}
