package io.membrane.rpc;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Writes {@link Frame}s; see {@link FrameReader} for the layout. Not thread-safe. */
public final class FrameWriter {

  private final OutputStream out;
  private int frames;

  /** The stream stays the caller's to close. */
  public FrameWriter(OutputStream out) {
    this.out = out;
  }

  public void write(Frame frame) throws IOException {
    write(
        frame.status(), encode(frame.header()), frame.body().length, () -> out.write(frame.body()));
  }

  /** Writes a payload behind its header. */
  @FunctionalInterface
  public interface Body {

    /** Writes all of it to the stream that this writer writes to. */
    void write() throws IOException;
  }

  /** A header as {@link #write(int, byte[], long, Body)} takes it, which may be kept. */
  public static byte[] encode(Frame.Header header) {
    return WireJson.mapper().writeValueAsBytes(header);
  }

  /**
   * Writes a frame whose payload of {@code length} bytes {@code body} writes.
   *
   * @param header as {@link #encode} makes it
   */
  public void write(int status, byte[] header, long length, Body body) throws IOException {
    out.write(begin(status, header, length));
    body.write();
    frames++;
  }

  /** Writes the end frame, without which a reader reports the body as cut, and flushes. */
  public void end() throws IOException {
    out.write(end(frames));
    out.flush();
  }

  /** The end frame of a body of so many frames. */
  public static byte[] end(int frames) {
    return begin(FrameReader.END, new byte[0], frames);
  }

  /**
   * What stands before a frame's payload of {@code bodyLength} bytes; in one piece, since a stream
   * may send every piece by itself.
   *
   * @param header as {@link #encode} makes it
   */
  public static byte[] begin(int status, byte[] header, long bodyLength) {
    return ByteBuffer.allocate(FrameReader.PREFIX_BYTES + header.length)
        .putInt(FrameReader.MAGIC)
        .putShort((short) status)
        .putShort((short) 0)
        .putInt(header.length)
        .putLong(bodyLength)
        .put(header)
        .array();
  }
}
