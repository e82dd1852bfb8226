package io.membrane.fragment.compression;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.util.Native;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Semaphore;

/**
 * Compresses payloads to zstd (RFC 8878) and expands them again, from where they lie to where they
 * shall lie.
 *
 * <p>Thread-safe. So many work at a time as this was made for; others wait for their turn, which is
 * a matter of milliseconds. Beside the payloads one that works takes at most some 10 MB, outside of
 * the heap: of frames that want a longer window than {@value #MAX_WINDOW_LOG} bits none is read,
 * which is what RFC 9659 allows to a {@code Content-Encoding}.
 */
public final class ZstdCodec {

  /** As measured in docs/internals/compression.md: a higher one saves no more of KV. */
  private static final int LEVEL = 1;

  static final int MAX_WINDOW_LOG = 23;

  private final Semaphore turns;

  /**
   * @param most how many may work at a time, at least 1
   */
  public ZstdCodec(int most) {
    turns = new Semaphore(most);
  }

  /**
   * Loads the library, which else is loaded when it is first used.
   *
   * @throws IllegalStateException if there is none for this machine, or it cannot be unpacked
   */
  public static void load() {
    try {
      Native.load();
    } catch (LinkageError e) {
      throw new IllegalStateException("zstd does not work here: " + e.getMessage(), e);
    }
  }

  /**
   * Writes a payload as one frame that tells its length, as far as there is room.
   *
   * @param into is filled with the frame, or with a part of it
   * @return whether the frame is whole
   */
  public boolean compress(Payload plain, Claim into) {
    turns.acquireUninterruptibly();
    try (ZstdCompressCtx encoder = new ZstdCompressCtx()) {
      encoder.setLevel(LEVEL).setChecksum(false).setPledgedSrcSize(plain.length());
      Compressing frame = new Compressing(encoder, plain.buffers(0, plain.length()));
      while (!frame.isWhole() && into.remaining() > 0) {
        into.readFrom(frame);
      }
      return frame.isWhole();
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    } finally {
      turns.release();
    }
  }

  /**
   * Begins to expand one or more frames, which take their turn until this is closed.
   *
   * @param encoded stays open until then, and the caller's to close
   */
  public Expansion expand(Payload encoded) {
    turns.acquireUninterruptibly();
    try {
      return new Expansion(encoded.buffers(0, encoded.length()), turns::release);
    } catch (RuntimeException | Error e) {
      turns.release();
      throw e;
    }
  }
}
