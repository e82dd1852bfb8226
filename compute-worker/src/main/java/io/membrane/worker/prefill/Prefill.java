package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.membrane.block.Tokens;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One prompt on its way through the model: {@link #advance} until it is done, then take blocks and
 * logits. Memory is bounded by the prompt's KV and the activations of one chunk. To be used where
 * its {@link PrefillModel} may be.
 */
public final class Prefill implements AutoCloseable {

  private final Script script;
  private final KvLayout layout;
  private final int chunkTokens;
  private final int[] ids;
  private final int blockTokens;
  private final IValue cache;
  private final @Nullable IValue means;
  private final int reused;
  private int done;
  private @Nullable IValue hidden;

  Prefill(
      Script script,
      KvLayout layout,
      int chunkTokens,
      Tokens tokens,
      List<byte[]> prefix,
      int blockTokens,
      boolean embeds) {
    this.script = script;
    this.layout = layout;
    this.chunkTokens = chunkTokens;
    this.blockTokens = blockTokens;
    ids = new int[tokens.length()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) tokens.get(i);
    }
    reused = prefix.size() * blockTokens;
    if (ids.length == 0 || reused > ids.length) {
      throw new IllegalArgumentException(
          "a prefix of %d of %d tokens".formatted(reused, ids.length));
    }
    cache = script.call("cache", ids.length);
    try {
      load(prefix);
      means = embeds ? script.call("means", ids.length / blockTokens) : null;
    } catch (RuntimeException e) {
      cache.close();
      throw e;
    }
    done = reused;
  }

  private void load(List<byte[]> prefix) {
    long size = layout.bytes(blockTokens);
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer direct = arena.allocate(size).asByteBuffer();
      for (int block = 0; block < prefix.size(); block++) {
        byte[] payload = prefix.get(block);
        if (payload.length != size) {
          throw new IllegalArgumentException(
              "a block of %d tokens has %d bytes, not %d"
                  .formatted(blockTokens, size, payload.length));
        }
        direct.clear().put(payload).flip();
        try (PtNDArray bytes = script.bytes(direct)) {
          script.run("load", cache, block * blockTokens, bytes);
        }
      }
    }
  }

  /** Computes the next chunk; false if there was none left. */
  public boolean advance() {
    if (done == ids.length) {
      return false;
    }
    compute(done, Math.min(ids.length, (done / chunkTokens + 1) * chunkTokens));
    return true;
  }

  private void compute(int from, int to) {
    int[] chunk = new int[to - from];
    System.arraycopy(ids, from, chunk, 0, chunk.length);
    try (PtNDArray tokens = script.ints(chunk)) {
      IValue states = script.call("advance", cache, tokens, from);
      if (hidden != null) {
        hidden.close();
      }
      hidden = states;
    }
    if (means != null) {
      script.run("mean", means, hidden, from, blockTokens);
    }
    done = to;
  }

  /** Tokens whose KV was given. */
  public int reusedTokens() {
    return reused;
  }

  /**
   * Logits of the token after the prompt, one per id of the vocabulary. Where the prefix covers the
   * whole prompt, its last token is computed again behind the others.
   *
   * @throws IllegalStateException before all chunks are computed
   */
  public float[] logits() {
    requireDone();
    if (hidden == null) {
      compute(ids.length - 1, ids.length);
    }
    return script.floats(script.call("logits", Objects.requireNonNull(hidden)));
  }

  /**
   * The KV of tokens {@code from} (inclusive) to {@code to} (exclusive), in the model's {@link
   * KvLayout}.
   */
  public byte[] kv(int from, int to) {
    requireDone();
    return script.bytes(script.call("slice", cache, from, to));
  }

  /**
   * The embedding of a full block behind the prefix: the mean of its tokens' hidden states after
   * the final norm, as many as the model's hidden size.
   *
   * @throws IllegalStateException before all chunks are computed, or if no embeddings were wanted
   */
  public float[] embedding(int block) {
    requireDone();
    if (means == null) {
      throw new IllegalStateException("this prefill takes no means");
    }
    return script.floats(script.call("row", means, block));
  }

  /** Whether every value of K and V, the given ones included, is finite in the KV type. */
  public boolean isFinite() {
    requireDone();
    try (IValue finite = script.call("finite", cache, 0, ids.length)) {
      return finite.toBoolean();
    }
  }

  private void requireDone() {
    if (done < ids.length) {
      throw new IllegalStateException(done + " of " + ids.length + " tokens are computed");
    }
  }

  @Override
  public void close() {
    Stream.of(hidden, means, cache).filter(Objects::nonNull).forEach(IValue::close);
  }
}
