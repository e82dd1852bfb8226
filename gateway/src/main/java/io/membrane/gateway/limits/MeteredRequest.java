package io.membrane.gateway.limits;

import io.membrane.gateway.identity.Refusal;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A request whose body is counted as it comes, and ends in an error when it is too much or too
 * slow.
 */
final class MeteredRequest extends HttpServletRequestWrapper {

  private final long maxBytes;
  private final long minRate;
  private final Duration slowAfter;
  private final LongConsumer charge;
  private @Nullable Metered metered;

  /**
   * @param maxBytes 0 is no limit
   * @param minRate bytes per second, on average over the whole body
   * @param slowAfter from when on the rate counts
   * @param charge is told of bytes, in pieces
   */
  MeteredRequest(
      HttpServletRequest request,
      long maxBytes,
      long minRate,
      Duration slowAfter,
      LongConsumer charge) {
    super(request);
    this.maxBytes = maxBytes == 0 ? Long.MAX_VALUE : maxBytes;
    this.minRate = minRate;
    this.slowAfter = slowAfter;
    this.charge = charge;
  }

  @Override
  public ServletInputStream getInputStream() throws IOException {
    if (metered == null) {
      metered = new Metered(super.getInputStream());
    }
    return metered;
  }

  /** Charges what has not been charged yet. */
  void settle() {
    if (metered != null) {
      metered.pieces.settle();
    }
  }

  private void check(long bytes, long waitedNanos) {
    if (bytes > maxBytes) {
      Refusal.BODY_TOO_LARGE.mark(this);
      throw tooLarge(maxBytes);
    }
    boolean isSlow = bytes < minRate * (waitedNanos / 1e9);
    if (isSlow && waitedNanos > slowAfter.toNanos()) {
      Refusal.BODY_TOO_SLOW.mark(this);
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body comes slower than " + minRate + " bytes per second; send it faster");
    }
  }

  static MembraneException tooLarge(long maxBytes) {
    return new MembraneException(
        ErrorCode.TOO_LARGE,
        "a body of this tenant has at most " + maxBytes + " bytes; send less at once");
  }

  private final class Metered extends ServletInputStream {

    private final ServletInputStream in;
    private final Pieces pieces = new Pieces(charge);
    private long bytes;
    private long waitedNanos;

    Metered(ServletInputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      long began = System.nanoTime();
      int b = in.read();
      count(b < 0 ? 0 : 1, began);
      return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      long began = System.nanoTime();
      int n = in.read(buffer, offset, length);
      count(n, began);
      return n;
    }

    /** The caller's slowness alone: the time that a service takes is not its fault. */
    private void count(int n, long began) {
      waitedNanos += System.nanoTime() - began;
      if (n > 0) {
        bytes += n;
        pieces.add(n);
        check(bytes, waitedNanos);
      }
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }

    @Override
    public boolean isFinished() {
      return in.isFinished();
    }

    @Override
    public boolean isReady() {
      return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      in.setReadListener(listener);
    }
  }
}
