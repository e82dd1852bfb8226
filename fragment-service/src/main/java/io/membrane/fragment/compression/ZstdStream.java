package io.membrane.fragment.compression;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Streams of zstd frames: what they become is what each frame becomes, one behind the other. So a
 * body that holds compressed payloads can be put together from them as they lie, and bytes that are
 * not compressed between them.
 *
 * <p>Not thread-safe.
 */
public final class ZstdStream extends FilterInputStream {

  /** The magic number of RFC 8878, no flags, and a window of one block: {@code 7 << 3}. */
  private static final byte[] RAW_FRAME = {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0, 7 << 3};

  /** The longest block that there is. */
  private static final int BLOCK_BYTES = 128 << 10;

  /** Above the bit that marks the last block, and two that say that it is not compressed. */
  private static final int SIZE_SHIFT = 3;

  /**
   * Expands a stream, no further than is read. Its native memory, some 10 MB at most, is given back
   * when it is closed.
   *
   * @param encoded closed with this
   */
  public ZstdStream(InputStream encoded) throws IOException {
    super(new ZstdInputStreamNoFinalizer(encoded).setLongMax(ZstdCodec.MAX_WINDOW_LOG));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n < 0 ? n : one[0] & 0xFF;
  }

  /**
   * As every stream.
   *
   * @throws MalformedZstdException if there is anything but whole frames
   */
  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    try {
      return super.read(into, offset, length);
    } catch (ZstdIOException e) {
      throw new MalformedZstdException("no zstd: " + e.getMessage(), e);
    }
  }

  /**
   * Bytes as a frame that is not compressed: for every 128 KiB three bytes more, and six.
   *
   * @param bytes are not copied
   * @param to what is sent, in order
   */
  public static void addRaw(ByteBuffer bytes, List<ByteBuffer> to) {
    to.add(ByteBuffer.wrap(RAW_FRAME).asReadOnlyBuffer());
    int end = bytes.limit();
    int at = bytes.position();
    do {
      int length = Math.min(BLOCK_BYTES, end - at);
      int header = length << SIZE_SHIFT | (at + length == end ? 1 : 0);
      to.add(
          ByteBuffer.wrap(
              new byte[] {(byte) header, (byte) (header >>> 8), (byte) (header >>> 16)}));
      to.add(bytes.slice(at, length));
      at += length;
    } while (at < end);
  }
}
