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
    byte[] header = WireJson.mapper().writeValueAsBytes(frame.header());
    prefix(frame.status(), header.length, frame.body().length);
    out.write(header);
    out.write(frame.body());
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
