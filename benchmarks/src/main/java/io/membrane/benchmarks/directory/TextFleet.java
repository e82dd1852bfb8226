package io.membrane.benchmarks.directory;

import io.membrane.block.Tokens;
import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.EmbeddingInput;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A fleet that splits texts into tokens and embeds them; it ends with it. */
final class TextFleet implements Closeable {

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Fleet fleet;
  private final HttpClient http = HttpClient.newHttpClient();

  /**
   * Starts it.
   *
   * @param home root of the project, built
   */
  TextFleet(Path home, Path model, int blockTokens) throws IOException {
    fleet =
        Fleet.start(
            FleetPlan.in(home)
                .onFreePorts()
                .withState(Files.createTempDirectory("membrane-text"))
                .withModel(model.toAbsolutePath(), blockTokens),
            Progress.SILENT);
  }

  Tokens tokens(String text) throws IOException {
    TokenizeRequest request = new TokenizeRequest(null, text, true);
    return post("/v1/tokenize", request, TokenizeResponse.class).tokens();
  }

  /** Embeddings of chunks, each by itself. */
  List<float[]> alone(List<Tokens> chunks) throws IOException {
    List<float[]> all = new ArrayList<>();
    for (int from = 0; from < chunks.size(); from += ComputeClient.MAX_INPUTS) {
      int to = Math.min(chunks.size(), from + ComputeClient.MAX_INPUTS);
      EmbeddingRequest request =
          new EmbeddingRequest(null, EmbeddingInput.ofTokens(chunks.subList(from, to)), null);
      post("/v1/embeddings", request, EmbeddingList.class)
          .data()
          .forEach(embedding -> all.add(embedding.embedding()));
    }
    return all;
  }

  /** Embeddings of the full blocks of documents, each block behind those before it. */
  List<float[]> inContext(List<Tokens> documents) throws IOException {
    List<float[]> all = new ArrayList<>();
    for (Tokens document : documents) {
      PrefillRequest request =
          new PrefillRequest(null, document, null, null, false, false, true, null, null);
      post("/v1/prefill", request, PrefillResponse.class)
          .blocks()
          .forEach(block -> all.add(Objects.requireNonNull(block.embedding())));
    }
    return all;
  }

  private <T> T post(String path, Object body, Class<T> answer) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(fleet.url(Member.GATEWAY) + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header("Membrane-Deadline-Ms", Long.toString(PATIENCE.toMillis()))
            .POST(HttpRequest.BodyPublishers.ofString(WireJson.mapper().writeValueAsString(body)))
            .build();
    try {
      HttpResponse<String> got = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (got.statusCode() != 200) {
        throw new IOException(path + ": " + got.statusCode() + " " + got.body());
      }
      return WireJson.mapper().readValue(got.body(), answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    http.close();
    fleet.close();
  }
}
