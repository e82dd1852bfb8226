package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.membrane.block.Tokens;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One prompt of which some blocks come from other places: {@link #inspect} until it is done, {@link
 * #choose}, {@link #advance} until it is done, then take blocks and logits. What comes out is not
 * what a prefill gives, unless all tokens were chosen. Memory and threads as {@link Prefill}.
 */
public final class ShiftedPrefill implements AutoCloseable {

  private final Script script;
  private final int chunkTokens;
  private final int[] ids;
  private final int reused;
  private final int blockTokens;
  private final List<MovedBlock> blocks;
  private final BitSet covered = new BitSet();
  private final float[] look;
  private final IValue cache;
  private int inspected;
  private final BitSet refused = new BitSet();
  private @Nullable Recomputation chosen;
  private int done;
  private @Nullable IValue hidden;

  ShiftedPrefill(
      Script script,
      KvLayout layout,
      int chunkTokens,
      Tokens tokens,
      List<byte[]> prefix,
      int blockTokens,
      List<MovedBlock> blocks) {
    this.script = script;
    this.chunkTokens = chunkTokens;
    ids = new int[tokens.length()];
    Arrays.setAll(ids, i -> (int) tokens.get(i));
    reused = prefix.size() * blockTokens;
    this.blockTokens = blockTokens;
    this.blocks = List.copyOf(blocks);
    inspected = reused;
    cover(blocks, blockTokens);
    look = new float[(Math.max(covered.length(), reused) - reused) * Recomputation.COLUMNS];
    cache = script.call("cache", ids.length);
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer direct = arena.allocate(layout.bytes(blockTokens)).asByteBuffer();
      for (int block = 0; block < prefix.size(); block++) {
        load(direct, block * blockTokens, prefix.get(block));
      }
      for (MovedBlock block : blocks) {
        load(direct, block.at(), block.payload());
        script.run("shift", cache, block.at(), blockTokens, block.from());
      }
    } catch (RuntimeException e) {
      cache.close();
      throw e;
    }
  }

  private void cover(List<MovedBlock> blocks, int blockTokens) {
    int end = reused;
    for (MovedBlock block : blocks) {
      if (block.at() < end || block.from() < 0 || block.at() + blockTokens > ids.length) {
        throw new IllegalArgumentException(
            "a shifted block at %d of %d tokens, behind %d".formatted(block.at(), ids.length, end));
      }
      end = block.at() + blockTokens;
      covered.set(block.at(), end);
    }
  }

  private void load(ByteBuffer direct, int at, byte[] payload) {
    if (payload.length != direct.capacity()) {
      throw new IllegalArgumentException(
          "a block has %d bytes, not %d".formatted(direct.capacity(), payload.length));
    }
    direct.clear().put(payload).flip();
    try (PtNDArray bytes = script.bytes(direct)) {
      script.run("load", cache, at, bytes);
    }
  }

  /** KV as it was loaded and turned, before anything is computed. */
  byte[] loaded(int from, int to) {
    return script.bytes(script.call("slice", cache, from, to));
  }

  /** Looks at the next chunk through the first two layers; false if none was left. */
  public boolean inspect() {
    int end = reused + look.length / Recomputation.COLUMNS;
    if (inspected >= end) {
      return false;
    }
    int to = Math.min(end, (inspected / chunkTokens + 1) * chunkTokens);
    try (PtNDArray tokens = script.ints(Arrays.copyOfRange(ids, inspected, to))) {
      float[] rows = script.floats(script.call("inspect", cache, tokens, inspected));
      int at = (inspected - reused) * Recomputation.COLUMNS;
      System.arraycopy(rows, 0, look, at, rows.length);
    }
    inspected = to;
    return true;
  }

  /**
   * Chooses what is computed: all tokens that no block covers, the last one, each whose KV is
   * another token's, all of a block with fewer equal ones than it has to have, and of the covered
   * ones that are left those that deviate most.
   *
   * @param share of those, 0 to 1
   * @throws IllegalStateException before all chunks are inspected
   */
  public void choose(double share) {
    if (reused + look.length / Recomputation.COLUMNS > inspected || chosen != null) {
      throw new IllegalStateException("inspected up to " + inspected);
    }
    BitSet others = Recomputation.others(reused, covered, look);
    for (MovedBlock block : blocks) {
      int end = block.at() + blockTokens;
      int equal = blockTokens - others.get(block.at(), end).cardinality();
      if (equal < block.leastEqual() * blockTokens) {
        refused.set(block.at(), end);
      }
    }
    chosen = Recomputation.choose(reused, ids.length, covered, refused, look, share);
  }

  /** Computes the next chunk of the chosen tokens; false if there was none left. */
  public boolean advance() {
    Recomputation plan = plan();
    if (done == plan.computed().length) {
      return false;
    }
    int leading = plan.leading(reused);
    int to =
        done < leading
            ? Math.min(leading, ((reused + done) / chunkTokens + 1) * chunkTokens - reused)
            : Math.min(plan.computed().length, done + chunkTokens);
    compute(Arrays.copyOfRange(plan.computed(), done, to));
    done = to;
    return true;
  }

  private void compute(int[] positions) {
    int[] chunk = Arrays.stream(positions).map(position -> ids[position]).toArray();
    try (PtNDArray tokens = script.ints(chunk);
        PtNDArray at = script.ints(positions)) {
      int end = positions[positions.length - 1] + 1;
      IValue states = script.call("advance_at", cache, tokens, at, end);
      if (hidden != null) {
        hidden.close();
      }
      hidden = states;
    }
  }

  private Recomputation plan() {
    if (chosen == null) {
      throw new IllegalStateException("nothing is chosen yet");
    }
    return chosen;
  }

  /** Tokens that are computed through all layers. */
  public int computedTokens() {
    return plan().computed().length;
  }

  /** Whether a token is computed through all layers. */
  public boolean isComputed(int position) {
    return plan().isComputed(position);
  }

  /** Whether the KV that was loaded for a token is another token's, or of another position. */
  public boolean isOther(int position) {
    return plan().others().get(position);
  }

  /** Whether the block that was loaded there has too many other tokens, so that none is kept. */
  public boolean isRefused(int position) {
    plan();
    return refused.get(position);
  }

  /** Logits of the token after the prompt, one per id of the vocabulary. */
  public float[] logits() {
    requireDone();
    return script.floats(script.call("logits", Objects.requireNonNull(hidden)));
  }

  /** The KV of tokens {@code from} to {@code to} (exclusive) as {@link Prefill#kv}. */
  public byte[] kv(int from, int to) {
    requireDone();
    return loaded(from, to);
  }

  /** Whether every value of K and V is finite in the KV type. */
  public boolean isFinite() {
    requireDone();
    try (IValue finite = script.call("finite", cache)) {
      return finite.toBoolean();
    }
  }

  /** How far K behind the prefix is from that of a prefill of the same prompt that is done. */
  public Deviation keyDeviation(Prefill full) {
    return deviation(full, 0);
  }

  /** How far V is, as {@link #keyDeviation}. */
  public Deviation valueDeviation(Prefill full) {
    return deviation(full, 1);
  }

  private Deviation deviation(Prefill full, int part) {
    requireDone();
    float[] sums =
        script.floats(script.call("deviation", cache, full.cache(), part, reused, ids.length));
    return new Deviation(sums[1] > 0 ? Math.sqrt(sums[0] / sums[1]) : 0, sums[2]);
  }

  private void requireDone() {
    if (chosen == null || done < chosen.computed().length) {
      throw new IllegalStateException(done + " tokens are computed");
    }
  }

  @Override
  public void close() {
    Stream.of(hidden, cache).filter(Objects::nonNull).forEach(IValue::close);
  }
}
