package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.membrane.block.Tokens;
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
  private final int chunkTokens;
  private final int[] ids;
  private final int blockTokens;
  private final KvCache cache;
  private final @Nullable IValue means;
  private final @Nullable RecurrentState state;
  private int done;
  private int computed;
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
    this.chunkTokens = chunkTokens;
    this.blockTokens = blockTokens;
    ids = new int[tokens.length()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) tokens.get(i);
    }
    int reused = prefix.size() * blockTokens;
    if (ids.length == 0 || reused > ids.length) {
      throw new IllegalArgumentException(
          "a prefix of %d of %d tokens".formatted(reused, ids.length));
    }
    cache = new KvCache(script, layout, blockTokens, ids.length);
    try {
      cache.load(prefix);
      means = embeds ? script.call("means", ids.length / blockTokens) : null;
    } catch (RuntimeException e) {
      cache.close();
      throw e;
    }
    done = reused;
  }

  /**
   * Takes in the KV of a full block, wherever it is: tokens before it may still have to be
   * computed. A block that is computed already stays as it is.
   *
   * @throws IllegalStateException for a hybrid model, whose states know every token before them
   */
  public void load(int block, byte[] payload) {
    if (state != null) {
      throw new IllegalStateException("a hybrid model's prefix is given at the beginning");
    }
    if ((block + 1) * blockTokens > done) {
      cache.load(block, payload);
      pass();
    }
  }

  /** Goes past what is loaded. */
  private void pass() {
    int behind = cache.behindLoaded(done);
    if (behind > done && hidden != null) {
      hidden.close();
      hidden = null;
    }
    done = behind;
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
          undone.stream().mapToInt(Prefill::nextTokens).toArray());
    }
  }

  /** Tokens of the next chunk: it ends where a loaded block begins, or a snapshot is due. */
  public int nextTokens() {
    int limit = state == null ? cache.nextLoaded(done) : state.nextEnd(done);
    return Math.min(chunk(done, ids.length, chunkTokens), limit - done);
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
    IValue[] caches = prefills.stream().map(p -> p.cache.values()).toArray(IValue[]::new);
    try (PtNDArray tokens = script.ints(chunks)) {
      return script.callForTensors("advance", caches, tokens, longs(starts), longs(rows));
    }
  }

  private static IValue[] oneByOne(List<Prefill> prefills, int[] starts, int[] rows) {
    IValue[] states = new IValue[rows.length];
    for (int i = 0; i < rows.length; i++) {
      Prefill prefill = prefills.get(i);
      int[] chunk = Arrays.copyOfRange(prefill.ids, starts[i], starts[i] + rows[i]);
      states[i] =
          Objects.requireNonNull(prefill.state).advance(prefill.cache.values(), chunk, starts[i]);
    }
    return states;
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
    computed += to - from;
    if (to > done) {
      done = to;
      if (state != null) {
        state.passed(from, to);
      }
      pass();
    }
  }

  /** Leading tokens whose KV was given or is computed. */
  public int doneTokens() {
    return done;
  }

  /** Tokens that went through the model. */
  public int computedTokens() {
    return computed;
  }

  /** Tokens that still have to go through the model. */
  public int remainingTokens() {
    return ids.length - done - cache.loadedBehind(done);
  }

  /** Whether the KV of a block was given. */
  public boolean isLoaded(int block) {
    return cache.isLoaded(block);
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
   * KvLayout}; not before they are computed.
   */
  public byte[] kv(int from, int to) {
    requireDone(to);
    return cache.bytes(from, to);
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
    return isFinite(0, ids.length);
  }

  /**
   * Whether those of tokens {@code from} (inclusive) to {@code to} (exclusive) are, and the state
   * behind the last computed token, in which what was not finite before stays so.
   */
  public boolean isFinite(int from, int to) {
    requireDone(to);
    return cache.isFinite(from, to) && (state == null || state.isFinite());
  }

  /** Its KV, for as long as it is open. */
  IValue cache() {
    requireDone();
    return cache.values();
  }

  /**
   * Snapshots of the linear layers at block boundaries behind the prefix, in {@link StateLayout},
   * by the number of blocks before them, as far as it is computed; empty where the model has no
   * linear layers.
   */
  public NavigableMap<Integer, byte[]> snapshots() {
    return state == null ? Collections.emptyNavigableMap() : state.snapshots();
  }

  /** The state behind the last token, as a snapshot; null where the model has none. */
  public byte @Nullable [] state() {
    requireDone();
    return state == null ? null : state.bytes();
  }

  private void requireDone() {
    requireDone(ids.length);
  }

  private void requireDone(int tokens) {
    if (done < tokens) {
      throw new IllegalStateException(done + " of " + ids.length + " tokens are computed");
    }
  }

  @Override
  public void close() {
    Stream.of(hidden, means, cache.values()).filter(Objects::nonNull).forEach(IValue::close);
    if (state != null) {
      state.close();
    }
  }
}
