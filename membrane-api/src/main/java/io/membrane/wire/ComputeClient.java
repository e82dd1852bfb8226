package io.membrane.wire;

import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.rpc.Idempotent;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/** compute-worker as other services call it. */
public interface ComputeClient {

  /** Longest text in characters. */
  int MAX_TEXT = 4 * 1024 * 1024;

  /** Most inputs of one embedding request. */
  int MAX_INPUTS = DirectoryClient.MAX_DESCRIBED;

  record TokenizeRequest(
      @Nullable @Size(max = 256) String model,
      @NotNull @Size(max = MAX_TEXT) String text,
      @Nullable Boolean addSpecialTokens) {}

  record TokenizeResponse(Tokens tokens, int count) {}

  /**
   * The worker's models.
   *
   * @param node what the ids of this worker's transfer blocks begin with; null if it has none
   */
  record ModelList(String object, List<Model> data, @Nullable String node) {

    /** Of a worker without transfer blocks. */
    public ModelList(String object, List<Model> data) {
      this(object, data, null);
    }
  }

  /**
   * What to embed, in OpenAI's form.
   *
   * @param model model id, or null for the worker's only model
   * @param dimensions null, or as many as the model's hidden states have
   */
  record EmbeddingRequest(
      @Nullable @Size(max = 256) String model,
      @NotNull EmbeddingInput input,
      @Nullable Integer dimensions) {}

  /**
   * Where one input points.
   *
   * @param index of the input
   * @param embedding mean of its tokens' hidden states after the final norm, each input by itself
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Embedding(String object, int index, float[] embedding) {}

  record EmbeddingUsage(int promptTokens, int totalTokens) {}

  /**
   * Embeddings in OpenAI's list form.
   *
   * @param data one per input, in order
   */
  record EmbeddingList(
      String object,
      List<Embedding> data,
      String model,
      Namespace namespace,
      EmbeddingUsage usage) {}

  /**
   * A cold prefill as it was measured.
   *
   * @param tokens length of the prompt
   * @param prefillMs time in the engine for all of it, without waiting
   * @param kvBytes size of its KV in fragments
   */
  record ProfilePoint(int tokens, double prefillMs, long kvBytes) {}

  /**
   * How fast a model prefills on this worker.
   *
   * @param device e.g. {@code cpu}, {@code cuda:0}
   * @param points by strictly increasing length; empty while nothing is measured
   */
  record Profile(String model, Namespace namespace, String device, List<ProfilePoint> points) {}

  /**
   * The worker's profiles.
   *
   * @param data one per model
   */
  record ProfileList(List<Profile> data) {}

  /** Repeatable: the same prompt computes the same KV, and fragments are immutable. */
  @Idempotent
  @PostExchange("/v1/prefill")
  PrefillResponse prefill(@RequestBody PrefillRequest request);

  /**
   * The bytes of a transfer block with their {@code Repr-Digest}; it is then gone: not to be
   * repeated.
   */
  @GetExchange(value = "/v1/transfer-blocks/{id}", accept = "application/octet-stream")
  ResponseEntity<InputStream> transferBlock(@PathVariable String id);

  @Idempotent
  @PostExchange("/v1/tokenize")
  TokenizeResponse tokenize(@RequestBody TokenizeRequest request);

  @Idempotent
  @PostExchange("/v1/embeddings")
  EmbeddingList embeddings(@RequestBody EmbeddingRequest request);

  @Idempotent
  @GetExchange("/v1/models")
  ModelList models();

  @Idempotent
  @GetExchange("/v1/profile")
  ProfileList profile();
}
