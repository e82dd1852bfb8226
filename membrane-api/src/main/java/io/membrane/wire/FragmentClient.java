package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.Frame;
import io.membrane.rpc.Idempotent;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.PostExchange;

/** fragment-service as other services call it. */
public interface FragmentClient {

  /** Most keys in one call. */
  int MAX_KEYS = 4096;

  /**
   * What is stored beside the bytes.
   *
   * @param parent hash of the block before, or null for a first block
   * @param ttlSeconds life of the fragment, or null for the service's default
   * @param pin whether it is kept whatever the memory pressure
   */
  record FragmentMeta(
      Namespace namespace,
      @Nullable BlockHash parent,
      TokenSpan tokenSpan,
      @Nullable Signature signature,
      @Nullable Long ttlSeconds,
      boolean pin) {

    public FragmentMeta {
      if (ttlSeconds != null && ttlSeconds < 1) {
        throw new IllegalArgumentException("a TTL is at least 1 second, not " + ttlSeconds);
      }
    }
  }

  /** Which fragments; none of them null. */
  record Keys(@NotNull @Size(max = MAX_KEYS) List<FragmentKey> keys) {

    // Here and not as an annotation: validating thousands of elements takes longer than the answer.
    public Keys {
      if (keys != null) {
        for (FragmentKey key : keys) {
          if (key == null) {
            throw new IllegalArgumentException("keys: null is no key");
          }
        }
      }
    }
  }

  /**
   * Answer to an existence question.
   *
   * @param present one for each key asked for, in order
   * @param leading how many from the first on are present without a hole
   */
  record Existence(List<Boolean> present, int leading) {}

  @Idempotent
  @PostExchange("/v1/fragments/exists")
  Existence exists(@RequestBody Keys keys);

  /** Brings fragments into memory, in order and behind the caller's back. */
  @PostExchange("/v1/fragments/prefetch")
  void prefetch(@RequestBody Keys keys);

  /** Frames in the order of the keys; the caller closes the stream. */
  @Idempotent
  @PostExchange(value = "/v1/fragments/batch-get", accept = Frame.MEDIA_TYPE)
  InputStream batchGet(@RequestBody Keys keys);

  /** Stores frames and answers one each, in order; the caller closes the stream. */
  @Idempotent
  @PostExchange(
      value = "/v1/fragments/batch-put",
      contentType = Frame.MEDIA_TYPE,
      accept = Frame.MEDIA_TYPE)
  InputStream batchPut(@RequestBody StreamingHttpOutputMessage.Body frames);
}
