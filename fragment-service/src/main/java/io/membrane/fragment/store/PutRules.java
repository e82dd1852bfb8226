package io.membrane.fragment.store;

import io.membrane.block.Signature;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.util.Map;

/** What a payload and its metadata must agree on before they are stored. */
final class PutRules {

  /** Bytes per element of the dtypes whose width is known. */
  private static final Map<String, Integer> WIDTHS =
      Map.of("f32", 4, "f16", 2, "bf16", 2, "int8", 1);

  /** K and V. */
  private static final int HALVES = 2;

  private PutRules() {}

  /**
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if they do not agree
   */
  static void check(FragmentMeta meta, long bytes) {
    if (bytes == 0) {
      throw impossible("the body is empty; send the fragment's bytes");
    }
    if (meta.tokenSpan().length() > meta.namespace().blockTokens()) {
      throw impossible(
          "the token span %s is longer than a block of %d tokens"
              .formatted(meta.tokenSpan(), meta.namespace().blockTokens()));
    }
    if (meta.pin() && meta.ttlSeconds() != null) {
      throw impossible("a pinned fragment has no TTL; give the pin or the TTL");
    }
    Signature signature = meta.signature();
    if (signature != null) {
      check(signature, meta, bytes);
    }
  }

  private static void check(Signature signature, FragmentMeta meta, long bytes) {
    if (!meta.namespace().equals(signature.namespace())) {
      throw impossible("the signature is of another namespace than the fragment");
    }
    if (!meta.tokenSpan().equals(signature.tokenSpan())) {
      throw impossible(
          "the signature's token span is %s, the fragment's %s"
              .formatted(signature.tokenSpan(), meta.tokenSpan()));
    }
    int width = width(meta.namespace().kvDtype());
    if (width > 0 && signature.layout().equals(Signature.LAYOUT)) {
      long wanted = length(signature, width);
      if (wanted != bytes) {
        throw impossible(
            "the body has %d bytes; its signature asks for %d".formatted(bytes, wanted));
      }
    }
  }

  private static int width(String dtype) {
    return dtype.startsWith("fp8") ? 1 : WIDTHS.getOrDefault(dtype, 0);
  }

  private static long length(Signature signature, int width) {
    try {
      long elements = Math.multiplyExact((long) HALVES * signature.layers(), signature.kvHeads());
      elements = Math.multiplyExact(elements, signature.headDim());
      elements = Math.multiplyExact(elements, signature.tokenSpan().length());
      return Math.multiplyExact(elements, width);
    } catch (ArithmeticException e) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST, "no payload is as large as this signature says", e);
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
