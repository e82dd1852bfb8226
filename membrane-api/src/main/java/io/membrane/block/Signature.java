package io.membrane.block;

/**
 * The shape of a fragment's payload; it must match before anybody uses the bytes.
 *
 * @param namespace model, revision, kv_dtype and block size
 * @param layout order of the axes, slowest first; {@link #LAYOUT} and {@link #STATE_LAYOUT} for
 *     what Membrane's worker writes
 * @param layers layers in the slice
 * @param kvHeads key/value heads of the slice's rank
 * @param headDim elements per head
 * @param tokenSpan positions that the block covers
 * @param positionEncoding {@code rope}, with its scaling after a colon ({@code rope:llama3})
 * @param ropeBase base of the rotary frequencies
 */
public record Signature(
    Namespace namespace,
    String layout,
    int layers,
    int kvHeads,
    int headDim,
    TokenSpan tokenSpan,
    String positionEncoding,
    double ropeBase) {

  /** {@code [layers][2: K, V][tokens][kv_heads][head_dim]}, little-endian, K after RoPE. */
  public static final String LAYOUT = "layer,kv,token,head,dim";

  /**
   * A snapshot of linear layers, float32, little-endian: {@code [layers]} of the recurrent state
   * {@code [value_heads][key_dim][value_dim]}, then of the convolution {@code [channels][kernel -
   * 1]}. {@code kvHeads} are the value heads, {@code headDim} is the value dimension.
   */
  public static final String STATE_LAYOUT = "layer,head,key,value+channel,tap";

  public Signature {
    layout = Text.name("layout", layout, 64);
    positionEncoding = Text.name("position_encoding", positionEncoding, 64);
    if (layers < 1 || kvHeads < 1 || headDim < 1) {
      throw new IllegalArgumentException("layers, kv_heads and head_dim are at least 1");
    }
  }
}
