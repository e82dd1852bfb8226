package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The recurrent state of one prefill's linear layers, in the engine's memory, and the snapshots
 * taken of it on the way.
 */
final class RecurrentState implements AutoCloseable {

  private final Script script;
  private final SnapshotRule rule;
  private final int blockTokens;
  private final int reused;
  private final int total;
  private final IValue values;
  private final NavigableMap<Integer, byte[]> snapshots = new TreeMap<>();

  /**
   * A state before the first token, or behind the reused blocks.
   *
   * @param snapshot that behind the last of them; null if there are none
   */
  RecurrentState(
      Script script,
      StateLayout layout,
      SnapshotRule rule,
      int blockTokens,
      int reused,
      int total,
      byte @Nullable [] snapshot) {
    this.script = script;
    this.rule = rule;
    this.blockTokens = blockTokens;
    this.reused = reused;
    this.total = total;
    if ((snapshot == null) != (reused == 0)) {
      throw new IllegalArgumentException(
          "%d blocks are reused %s the state behind them"
              .formatted(reused, snapshot == null ? "without" : "with"));
    }
    if (snapshot != null && snapshot.length != layout.bytes()) {
      throw new IllegalArgumentException(
          "a state has %d bytes, not %d".formatted(layout.bytes(), snapshot.length));
    }
    values = script.call("state", layout.layers(), layout.values());
    if (snapshot != null) {
      load(snapshot);
    }
  }

  private void load(byte[] snapshot) {
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer direct = arena.allocate(snapshot.length).asByteBuffer();
      direct.put(snapshot).flip();
      try (PtNDArray bytes = script.bytes(direct)) {
        script.run("load_state", values, bytes);
      }
    } catch (RuntimeException e) {
      values.close();
      throw e;
    }
  }

  /** Computes the tokens {@code chunk} from {@code start} on; their hidden states. */
  IValue advance(IValue cache, int[] chunk, int start) {
    try (PtNDArray tokens = script.ints(chunk)) {
      return script.call("advance_hybrid", cache, values, tokens, start);
    }
  }

  /** Tokens up to the next snapshot behind {@code done}; the largest number if there is none. */
  int nextEnd(int done) {
    return rule.nextEnd(reused, done, total, blockTokens);
  }

  /** Takes a snapshot if one is due behind {@code done} tokens. */
  void passed(int before, int done) {
    if (done == nextEnd(before)) {
      snapshots.put(done / blockTokens, bytes());
    }
  }

  byte[] bytes() {
    return script.bytes(script.call("state_bytes", values));
  }

  boolean isFinite() {
    try (IValue finite = script.call("state_finite", values)) {
      return finite.toBoolean();
    }
  }

  /** Snapshots by the number of blocks before them. */
  NavigableMap<Integer, byte[]> snapshots() {
    return Collections.unmodifiableNavigableMap(snapshots);
  }

  @Override
  public void close() {
    values.close();
  }
}
