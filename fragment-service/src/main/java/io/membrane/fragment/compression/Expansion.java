package io.membrane.fragment.compression;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * The plain bytes of zstd, read as far as one likes: no more is expanded than is asked for. At the
 * end all frames have been whole, and nothing was behind them. For one thread.
 */
public final class Expansion implements ReadableByteChannel {

  private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

  private final ZstdDecompressCtx decoder = new ZstdDecompressCtx();
  private final ByteBuffer[] encoded;
  private final Runnable onClose;
  private int next;
  private boolean isBetweenFrames;
  private boolean isClosed;

  /**
   * @param encoded direct; valid until this is closed
   */
  Expansion(ByteBuffer[] encoded, Runnable onClose) {
    this.encoded = encoded;
    this.onClose = onClose;
    decoder.setLongMax(ZstdCodec.MAX_WINDOW_LOG);
  }

  /**
   * Expands into a direct buffer until it is full or the end has come.
   *
   * @return bytes read, or -1 at the end
   * @throws MalformedZstdException if there is anything but whole frames
   */
  @Override
  public int read(ByteBuffer room) throws IOException {
    int from = room.position();
    while (room.hasRemaining() && !isAtEnd()) {
      int before = room.position();
      ByteBuffer source = next < encoded.length ? encoded[next] : NOTHING.duplicate();
      boolean isCut = !source.hasRemaining();
      isBetweenFrames = expand(room, source);
      if (isCut && !isBetweenFrames && room.position() == before) {
        throw new MalformedZstdException("the last frame is not whole");
      }
    }
    int read = room.position() - from;
    return read == 0 && room.hasRemaining() ? -1 : read;
  }

  private boolean isAtEnd() {
    while (next < encoded.length && !encoded[next].hasRemaining()) {
      next++;
    }
    return isBetweenFrames && next == encoded.length;
  }

  private boolean expand(ByteBuffer room, ByteBuffer source) throws MalformedZstdException {
    try {
      return decoder.decompressDirectByteBufferStream(room, source);
    } catch (ZstdException e) {
      if (e.getErrorCode() == Zstd.errMemoryAllocation()) {
        throw e;
      }
      throw new MalformedZstdException("no zstd: " + e.getMessage(), e);
    }
  }

  /** Whether the end has come: reads on, without room for more than a byte. */
  public boolean hasEnded() throws IOException {
    return read(ByteBuffer.allocateDirect(1)) < 0;
  }

  @Override
  public boolean isOpen() {
    return !isClosed;
  }

  /** Gives back what expanding has taken. Idempotent. */
  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      decoder.close();
      onClose.run();
    }
  }
}
