package io.membrane.rpc;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Reads {@link Frame}s one at a time; nothing but the current frame is held. Integers are
 * big-endian.
 *
 * <pre>
 *  0        4        6          8               12             20
 *  +--------+--------+----------+---------------+--------------+-------------+------+
 *  | "MBF1" | status | reserved | header length | body length  | header JSON | body |
 *  +--------+--------+----------+---------------+--------------+-------------+------+
 *     u32      u16       u16           u32            u64
 * </pre>
 *
 * The last frame has status 0, no header, and the number of frames before it as body length: a body
 * that ends without it was cut. Not thread-safe.
 */
public final class FrameReader {

  static final int MAGIC = 0x4D42_4631;
  static final int END = 0;
  static final int PREFIX_BYTES = 20;

  private static final int MAX_HEADER_BYTES = 64 * 1024;

  private final DataInputStream in;
  private final long maxBodyBytes;
  private final int maxFrames;
  private int frames;
  private boolean ended;

  /**
   * @param maxBodyBytes longest payload to accept; at most 2³¹−9
   * @param maxFrames most frames to accept
   */
  public FrameReader(InputStream in, long maxBodyBytes, int maxFrames) {
    this.in = new DataInputStream(in);
    this.maxBodyBytes = maxBodyBytes;
    this.maxFrames = maxFrames;
  }

  /** Takes a payload off the stream. */
  @FunctionalInterface
  public interface BodyReader<B> {

    /**
     * Reads exactly {@code length} bytes.
     *
     * @throws EOFException if there are fewer
     */
    B read(InputStream in, long length) throws IOException;
  }

  /**
   * A frame whose payload went where its reader wanted it.
   *
   * @param status as in {@link Frame}
   * @param header as in {@link Frame}
   */
  public record Read<B>(int status, Frame.Header header, B body) {}

  /** As {@link #next(BodyReader)}, with the payload as an array. */
  public @Nullable Frame next() throws IOException {
    Read<byte[]> read = next((from, length) -> exactly((int) length));
    return read == null ? null : new Frame(read.status(), read.header(), read.body());
  }

  /**
   * The next frame, or null after the last.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if the bytes are no frame or the
   *     body was cut, {@link ErrorCode#TOO_LARGE} past a limit
   * @throws IOException if the stream fails
   */
  public <B> @Nullable Read<B> next(BodyReader<B> reader) throws IOException {
    if (ended) {
      return null;
    }
    try {
      if (in.readInt() != MAGIC) {
        throw malformed("frame " + frames + " does not begin with MBF1", null);
      }
      int status = in.readUnsignedShort();
      in.readUnsignedShort();
      int headerLength = in.readInt();
      long bodyLength = in.readLong();
      if (status == END) {
        end(bodyLength);
        return null;
      }
      Frame.Header header = header(headerLength, bodyLength);
      return new Read<>(status, header, reader.read(in, bodyLength));
    } catch (EOFException e) {
      throw malformed("the body ends inside frame " + frames + " or without an end frame", e);
    }
  }

  private void end(long count) throws IOException {
    if (count != frames) {
      throw malformed("the end frame counts " + count + " frames, not " + frames, null);
    }
    if (in.read() >= 0) {
      throw malformed("bytes follow the end frame", null);
    }
    ended = true;
  }

  private Frame.Header header(int headerLength, long bodyLength) throws IOException {
    if (headerLength < 0 || headerLength > MAX_HEADER_BYTES) {
      throw malformed("a frame header has at most " + MAX_HEADER_BYTES + " bytes", null);
    }
    if (bodyLength < 0 || bodyLength > maxBodyBytes) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "frame " + frames + " carries " + bodyLength + " bytes; the limit is " + maxBodyBytes);
    }
    if (frames == maxFrames) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE, "more than " + maxFrames + " frames; split the batch");
    }
    Frame.Header header = header(exactly(headerLength));
    frames++;
    return header;
  }

  private byte[] exactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    return bytes;
  }

  private Frame.Header header(byte[] json) {
    try {
      Frame.Header header = WireJson.mapper().readValue(json, Frame.Header.class);
      if (header == null || header.key() == null) {
        throw malformed("frame " + frames + " names no key", null);
      }
      return header;
    } catch (JacksonException e) {
      throw malformed("the header of frame " + frames + ": " + e.getOriginalMessage(), e);
    }
  }

  private static MembraneException malformed(String detail, @Nullable Throwable cause) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail, cause);
  }
}
