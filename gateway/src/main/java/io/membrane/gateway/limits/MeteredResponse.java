package io.membrane.gateway.limits;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** An answer whose bytes are counted as they go. */
final class MeteredResponse extends HttpServletResponseWrapper {

  private final Pieces pieces;
  private @Nullable ServletOutputStream metered;

  /**
   * @param charge is told of bytes, in pieces
   */
  MeteredResponse(HttpServletResponse response, LongConsumer charge) {
    super(response);
    this.pieces = new Pieces(charge);
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    if (metered == null) {
      metered = new Metered(super.getOutputStream());
    }
    return metered;
  }

  @Override
  public void reset() {
    super.reset();
    metered = null;
  }

  /** Charges what has not been charged yet. */
  void settle() {
    pieces.settle();
  }

  private final class Metered extends ServletOutputStream {

    private final ServletOutputStream out;

    Metered(ServletOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      pieces.add(1);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      out.write(buffer, offset, length);
      pieces.add(length);
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }

    @Override
    public boolean isReady() {
      return out.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      out.setWriteListener(listener);
    }
  }
}
