package io.membrane.cli.measure;

import io.membrane.block.Tokens;
import io.membrane.cli.fleet.FleetProblem;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.Model;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prefills random prompts, of which nothing is cached and nothing is stored, and keeps how long the
 * worker computed and how many bytes of KV came of it. The first prompt warms the worker up and is
 * not counted.
 */
public final class Measurement {

  private static final int MAX_LENGTHS = 64;
  private static final int MAX_TOKENS = 10_000_000;
  private static final int MAX_REPEATS = 100;
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final int OK = 200;
  private static final double MS = 1000;

  /** Below every vocabulary, above the special tokens. */
  private static final int FIRST_ID = 16;

  private static final int LAST_ID = 1_000;

  private final URI gateway;
  private final RandomGenerator random;
  private final Consumer<String> progress;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * A measurement.
   *
   * @param progress told what is measured, a line for each prompt
   */
  public Measurement(URI gateway, RandomGenerator random, Consumer<String> progress) {
    this.gateway = gateway;
    this.random = random;
    this.progress = progress;
  }

  /**
   * What to measure.
   *
   * @param model id; null for the only one that is served
   * @param lengths tokens; at least two unlike ones are needed for a curve
   * @param gpus of the measured instance; it cannot be asked
   */
  public record Settings(@Nullable String model, List<Integer> lengths, int repeats, int gpus) {

    public Settings {
      lengths = List.copyOf(lengths);
      if (lengths.stream().distinct().count() < 2 || lengths.size() > MAX_LENGTHS) {
        throw new FleetProblem(
            "a profile is measured at 2 to %d unlike lengths, not at %s"
                .formatted(MAX_LENGTHS, lengths),
            "write e.g. --lengths 256,1024,4096");
      }
      if (lengths.stream().anyMatch(l -> l < 1 || l > MAX_TOKENS)) {
        throw new FleetProblem(
            "a length is 1 to %d tokens, not as in %s".formatted(MAX_TOKENS, lengths),
            "write e.g. --lengths 256,1024,4096");
      }
      if (repeats < 1 || repeats > MAX_REPEATS || gpus < 1) {
        throw new FleetProblem(
            "%d repeats on %d GPUs cannot be measured".formatted(repeats, gpus),
            "write 1 to %d repeats and at least one GPU".formatted(MAX_REPEATS));
      }
    }
  }

  private record Sample(int tokens, double seconds, long bytes, String device) {}

  /**
   * Measures.
   *
   * @return a body for {@code POST /v1/plans} with the model's KV bytes and a profile named after
   *     the model and its device
   * @throws IOException if the gateway cannot be reached or answers with an error, which is in the
   *     message
   */
  public String run(Settings settings) throws IOException, InterruptedException {
    Model model = model(settings.model());
    int block = model.namespace().blockTokens();
    List<Integer> lengths =
        settings.lengths().stream()
            .map(l -> Math.ceilDiv(l, block) * block)
            .distinct()
            .sorted()
            .toList();
    if (lengths.size() < 2) {
      throw new FleetProblem(
          "in whole blocks of %d tokens these lengths are one".formatted(block),
          "choose lengths that are further apart");
    }
    measure(model.id(), lengths.getFirst());
    List<Sample> samples = new ArrayList<>();
    for (int length : lengths) {
      for (int i = 0; i < settings.repeats(); i++) {
        Sample sample = measure(model.id(), length);
        progress.accept(
            String.format(
                Locale.ROOT,
                "%d tokens: %.4f s, %d bytes of KV",
                sample.tokens,
                sample.seconds,
                sample.bytes));
        samples.add(sample);
      }
    }
    return profile(model.id(), samples, settings.gpus());
  }

  private static String profile(String model, List<Sample> samples, int gpus) {
    List<List<Number>> seconds = new ArrayList<>();
    List<List<Number>> bytes = new ArrayList<>();
    for (Sample s : samples) {
      seconds.add(List.of(s.tokens, s.seconds));
      bytes.add(List.of(s.tokens, s.bytes));
    }
    String name = model + "@" + samples.getFirst().device;
    Map<String, Object> request =
        Map.of(
            "model",
            Map.of("kv_bytes", Map.of("samples", bytes)),
            "profiles",
            Map.of(name, Map.of("gpus", gpus, "prefill_seconds", Map.of("samples", seconds))));
    return WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(request);
  }

  private Model model(@Nullable String wanted) throws IOException, InterruptedException {
    String body = send("/v1/models", HttpRequest.newBuilder().GET());
    ModelList list = WireJson.mapper().readValue(body, ModelList.class);
    List<Model> models = list == null ? List.of() : list.data();
    List<Model> matching =
        models.stream().filter(m -> wanted == null || m.id().equals(wanted)).toList();
    if (matching.size() != 1) {
      throw new FleetProblem(
          wanted == null
              ? "the fleet serves %d models".formatted(models.size())
              : "the fleet does not serve '%s'".formatted(wanted),
          "choose with --model: "
              + models.stream().map(Model::id).collect(Collectors.joining(", ")));
    }
    return matching.getFirst();
  }

  private Sample measure(String model, int length) throws IOException, InterruptedException {
    Tokens tokens = Tokens.ofInts(random.ints(length, FIRST_ID, LAST_ID).toArray());
    PrefillRequest request = new PrefillRequest(model, tokens, null, null, false, null);
    String body =
        send(
            "/v1/prefill",
            HttpRequest.newBuilder()
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(request))));
    PrefillResponse answer = WireJson.mapper().readValue(body, PrefillResponse.class);
    if (answer == null || answer.tokensComputed() != length) {
      throw new IOException(
          "POST /v1/prefill computed %s tokens of %d; a profile needs all of them computed"
              .formatted(answer == null ? "no" : answer.tokensComputed(), length));
    }
    long bytes = answer.blocks().stream().mapToLong(PrefilledBlock::bytes).sum();
    return new Sample(length, answer.timingsMs().compute() / MS, bytes, answer.device());
  }

  private String send(String path, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    HttpRequest whole =
        request
            .uri(gateway.resolve(path))
            .timeout(DEADLINE)
            .header(CallContext.DEADLINE_HEADER, Long.toString(DEADLINE.toMillis()))
            .build();
    HttpResponse<String> answer;
    try {
      answer = http.send(whole, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IOException(
          "no answer from %s: start a fleet with ./membrane up or name its --gateway"
              .formatted(gateway),
          e);
    }
    if (answer.statusCode() != OK) {
      throw new IOException(
          "%s %s answered %d: %s"
              .formatted(whole.method(), path, answer.statusCode(), answer.body()));
    }
    return answer.body();
  }
}
