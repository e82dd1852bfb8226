package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.membrane.block.Tokens;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
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
  private final @Nullable RecurrentState state;
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
      boolean embeds,
      @Nullable RecurrentState state) {
    this.state = state;
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
    advanceAll(List.of(this));
    return true;
  }

  /**
   * Computes the next chunk of each of several prefills of one model in one pass: its linear layers
   * see all of them at once. Those of a hybrid model go one after the other. A prefill that is done
   * is left alone.
   */
  public static void advanceAll(List<Prefill> prefills) {
    List<Prefill> undone = prefills.stream().filter(p -> p.done < p.ids.length).toList();
    if (!undone.isEmpty()) {
      compute(
          undone,
          undone.stream().mapToInt(p -> p.done).toArray(),
          undone.stream().mapToInt(Prefill::nextRows).toArray());
    }
  }

  private int nextRows() {
    int rows = chunk(done, ids.length, chunkTokens);
    return state == null ? rows : Math.min(rows, state.nextEnd(done) - done);
  }

  /**
   * Tokens of the chunk that follows {@code done} tokens: it ends at the next multiple of the chunk
   * size, or where the prompt does.
   */
  static int chunk(int done, int length, int chunkTokens) {
    return Math.min(length, (done / chunkTokens + 1) * chunkTokens) - done;
  }

  private static void compute(List<Prefill> prefills, int[] starts, int[] rows) {
    IValue[] states =
        prefills.getFirst().state == null
            ? together(prefills, starts, rows)
            : oneByOne(prefills, starts, rows);
    for (int i = 0; i < states.length; i++) {
      prefills.get(i).computed(states[i], starts[i], starts[i] + rows[i]);
    }
  }

  private static IValue[] together(List<Prefill> prefills, int[] starts, int[] rows) {
    int[] chunks = new int[Arrays.stream(rows).sum()];
    int at = 0;
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(prefills.get(i).ids, starts[i], chunks, at, rows[i]);
      at += rows[i];
    }
    Script script = prefills.getFirst().script;
    IValue[] caches = prefills.stream().map(p -> p.cache).toArray(IValue[]::new);
    try (PtNDArray tokens = script.ints(chunks)) {
      return script.callForTensors("advance", caches, tokens, longs(starts), longs(rows));
    }
  }

  private static IValue[] oneByOne(List<Prefill> prefills, int[] starts, int[] rows) {
    IValue[] states = new IValue[rows.length];
    for (int i = 0; i < rows.length; i++) {
      states[i] = prefills.get(i).advanceHybrid(starts[i], rows[i]);
    }
    return states;
  }

  private IValue advanceHybrid(int start, int rows) {
    IValue values = Objects.requireNonNull(state).values();
    try (PtNDArray tokens = script.ints(Arrays.copyOfRange(ids, start, start + rows))) {
      return script.call("advance_hybrid", cache, values, tokens, start);
    }
  }

  private static long[] longs(int[] values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  private void computed(IValue states, int from, int to) {
    if (hidden != null) {
      hidden.close();
    }
    hidden = states;
    if (means != null) {
      script.run("mean", means, states, from, blockTokens);
    }
    done = to;
    if (state != null) {
      state.passed(from, to);
    }
  }

  /** Tokens whose KV was given or is computed. */
  public int doneTokens() {
    return done;
  }

  /** Tokens whose KV was given. */
  public int reusedTokens() {
    return reused;
  }

  /**
   * Logits of the token after the prompt, one per id of the vocabulary. Where the prefix covers the
   * whole prompt, its last token is computed again behind the others; that of a hybrid model must
   * not, since a state does not go back.
   *
   * @throws IllegalStateException before all chunks are computed, or if none was
   */
  public float[] logits() {
    requireDone();
    if (hidden == null) {
      if (state != null) {
        throw new IllegalStateException("the state behind the last token gives no logits");
      }
      compute(List.of(this), new int[] {ids.length - 1}, new int[] {1});
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
    try (IValue finite = script.call("finite", cache)) {
      return finite.toBoolean() && (state == null || state.isFinite());
    }
  }

  /** Its KV, for as long as it is open. */
  IValue cache() {
    requireDone();
    return cache;
  }

  /**
   * Snapshots of the linear layers at block boundaries behind the prefix, in {@link StateLayout},
   * by the number of blocks before them; empty where the model has no linear layers.
   *
   * @throws IllegalStateException before all chunks are computed
   */
  public NavigableMap<Integer, byte[]> snapshots() {
    requireDone();
    return state == null ? Collections.emptyNavigableMap() : state.snapshots();
  }

  /** The state behind the last token, as a snapshot; null where the model has none. */
  public byte @Nullable [] state() {
    requireDone();
    return state == null ? null : state.bytes();
  }

  private void requireDone() {
    if (done < ids.length) {
      throw new IllegalStateException(done + " of " + ids.length + " tokens are computed");
    }
  }

  @Override
  public void close() {
    Stream.of(hidden, means, cache).filter(Objects::nonNull).forEach(IValue::close);
    if (state != null) {
      state.close();
    }
  }
}
