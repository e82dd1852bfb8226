package io.membrane.fragment.compression;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** The frame that buffers become, piece by piece. For one thread. */
final class Compressing implements ReadableByteChannel {

  private final ZstdCompressCtx encoder;
  private final ByteBuffer[] plain;
  private int next;
  private boolean isWhole;

  /**
   * @param encoder knows the length of all and is the caller's to close
   * @param plain direct, at least one
   */
  Compressing(ZstdCompressCtx encoder, ByteBuffer[] plain) {
    this.encoder = encoder;
    this.plain = plain.length == 0 ? new ByteBuffer[] {ByteBuffer.allocateDirect(0)} : plain;
  }

  /** Whether all of it has been read. */
  boolean isWhole() {
    return isWhole;
  }

  @Override
  public int read(ByteBuffer room) {
    int from = room.position();
    while (room.hasRemaining() && !isWhole) {
      boolean isLast = next == plain.length - 1;
      boolean isFlushed =
          encoder.compressDirectByteBufferStream(
              room, plain[next], isLast ? EndDirective.END : EndDirective.CONTINUE);
      isWhole = isLast && isFlushed;
      next += !isLast && !plain[next].hasRemaining() ? 1 : 0;
    }
    int read = room.position() - from;
    return read == 0 && isWhole ? -1 : read;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {
    // The encoder is the caller's.
  }
}
