package io.membrane.cli.check;

import io.membrane.block.Tokens;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends one prompt twice and one that shares its first half, and looks at what was computed. The
 * prompts are random, so that whatever the store held before the first is new to it.
 */
public final class SelfCheck {

  /** Length of each prompt. */
  public static final int TOKENS = 1_000;

  private static final Duration DEADLINE = Duration.ofMinutes(2);

  /** Below every vocabulary, above the special tokens. */
  private static final int FIRST_ID = 16;

  private static final int LAST_ID = 1_000;
  private static final int OK = 200;

  private final URI gateway;
  private final RandomGenerator random;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public SelfCheck(URI gateway, RandomGenerator random) {
    this.gateway = gateway;
    this.random = random;
  }

  /**
   * Runs the three prompts.
   *
   * @throws IOException if the gateway cannot be reached or answers with an error, which is in the
   *     message
   */
  public Verdict run() throws IOException, InterruptedException {
    int[] first = random.ints(TOKENS, FIRST_ID, LAST_ID).toArray();
    int[] half = random.ints(TOKENS, FIRST_ID, LAST_ID).toArray();
    System.arraycopy(first, 0, half, 0, TOKENS / 2);
    half[TOKENS / 2] = first[TOKENS / 2] == FIRST_ID ? FIRST_ID + 1 : FIRST_ID;
    List<Turn> turns = new ArrayList<>();
    turns.add(turn("a new prompt", first));
    turns.add(turn("the same again", first));
    turns.add(turn("its first half, then new", half));
    return Verdict.of(turns);
  }

  private Turn turn(String prompt, int[] tokens) throws IOException, InterruptedException {
    ContextRequest body =
        new ContextRequest(null, Tokens.ofInts(tokens), null, null, null, null, null, null, null);
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve("/v1/contexts"))
            .timeout(DEADLINE)
            .header("Content-Type", "application/json")
            .header(CallContext.DEADLINE_HEADER, Long.toString(DEADLINE.toMillis()))
            .POST(HttpRequest.BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)))
            .build();
    long start = System.nanoTime();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (answer.statusCode() != OK) {
      throw new IOException(
          "POST /v1/contexts answered " + answer.statusCode() + ": " + answer.body());
    }
    @Nullable ContextResponse context =
        WireJson.mapper().readValue(answer.body(), ContextResponse.class);
    if (context == null) {
      throw new IOException("POST /v1/contexts answered without a body");
    }
    return new Turn(
        prompt,
        context.totalTokens(),
        context.coverage().reusedTokens(),
        context.coverage().prefilledTokens(),
        context.blockTokens(),
        time);
  }
}
