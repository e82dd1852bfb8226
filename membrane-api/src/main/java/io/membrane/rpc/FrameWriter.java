package io.membrane.rpc;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Writes {@link Frame}s; see {@link FrameReader} for the layout. Not thread-safe. */
public final class FrameWriter {

  private final DataOutputStream out;
  private int frames;

  /** The stream stays the caller's to close. */
  public FrameWriter(OutputStream out) {
    this.out = new DataOutputStream(out);
  }

  public void write(Frame frame) throws IOException {
    write(frame.status(), frame.header(), frame.body().length, () -> out.write(frame.body()));
  }

  /** Writes a payload behind its header. */
  @FunctionalInterface
  public interface Body {

    /** Writes all of it to the stream that this writer writes to. */
    void write() throws IOException;
  }

  /** Writes a frame whose payload of {@code length} bytes {@code body} writes. */
  public void write(int status, Frame.Header head, long length, Body body) throws IOException {
    byte[] header = WireJson.mapper().writeValueAsBytes(head);
    prefix(status, header.length, length);
    out.write(header);
    body.write();
    frames++;
  }

  /** Writes the end frame, without which a reader reports the body as cut, and flushes. */
  public void end() throws IOException {
    prefix(FrameReader.END, 0, frames);
    out.flush();
  }

  private void prefix(int status, int headerLength, long bodyLength) throws IOException {
    out.writeInt(FrameReader.MAGIC);
    out.writeShort(status);
    out.writeShort(0);
    out.writeInt(headerLength);
    out.writeLong(bodyLength);
  }
}
