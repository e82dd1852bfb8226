package io.membrane.worker.prefill;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/** The KV of one prompt in the engine's memory, and which of its blocks were given. */
final class KvCache implements AutoCloseable {

  private final Script script;
  private final KvLayout layout;
  private final int blockTokens;
  private final int length;
  private final IValue values;
  private final BitSet loaded = new BitSet();

  KvCache(Script script, KvLayout layout, int blockTokens, int length) {
    this.script = script;
    this.layout = layout;
    this.blockTokens = blockTokens;
    this.length = length;
    this.values = script.call("cache", length);
  }

  IValue values() {
    return values;
  }

  /** Takes in the leading blocks. */
  void load(List<byte[]> prefix) {
    for (int block = 0; block < prefix.size(); block++) {
      load(block, prefix.get(block));
    }
  }

  /** Takes in the KV of a full block. */
  void load(int block, byte[] payload) {
    long size = layout.bytes(blockTokens);
    if (payload.length != size) {
      throw new IllegalArgumentException(
          "a block of %d tokens has %d bytes, not %d".formatted(blockTokens, size, payload.length));
    }
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer direct = arena.allocate(size).asByteBuffer().put(payload).flip();
      try (PtNDArray bytes = script.bytes(direct)) {
        script.run("load", values, block * blockTokens, bytes);
      }
    }
    loaded.set(block);
  }

  boolean isLoaded(int block) {
    return loaded.get(block);
  }

  /** Tokens before the first one at or behind {@code done} that was not given. */
  int behindLoaded(int done) {
    int behind = done;
    while (behind < length && loaded.get(behind / blockTokens)) {
      behind = (behind / blockTokens + 1) * blockTokens;
    }
    return behind;
  }

  /** Tokens before the first given block at or behind {@code done}; the prompt's if none is. */
  int nextLoaded(int done) {
    int next = loaded.nextSetBit(done / blockTokens);
    return next < 0 ? length : next * blockTokens;
  }

  /** Tokens behind {@code done} that were given. */
  int loadedBehind(int done) {
    long blocks = loaded.stream().filter(block -> block >= done / blockTokens).count();
    return (int) blocks * blockTokens;
  }

  /** The KV of tokens {@code from} (inclusive) to {@code to} (exclusive). */
  byte[] bytes(int from, int to) {
    return script.bytes(script.call("slice", values, from, to));
  }

  boolean isFinite(int from, int to) {
    try (IValue finite = script.call("finite_span", values, from, to)) {
      return finite.toBoolean();
    }
  }

  @Override
  public void close() {
    values.close();
  }
}
