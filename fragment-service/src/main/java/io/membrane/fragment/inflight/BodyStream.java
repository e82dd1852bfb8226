package io.membrane.fragment.inflight;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A request's body whose bytes are leased as they arrive, and which ends with the request's
 * deadline. That it broke off is the caller's error, not the service's: {@link
 * ErrorCode#MALFORMED_REQUEST}.
 */
public final class BodyStream extends InputStream {

  /** Room is taken in steps of this many bytes. */
  private static final int STEP = 64 * 1024;

  private final InputStream in;
  private final Lease lease;
  private long count;

  /** Both arguments stay the caller's to close. */
  public BodyStream(InputStream in, Lease lease) {
    this.in = in;
    this.lease = lease;
  }

  /** Says that what was read so far is held no more. */
  public void forget() {
    count = 0;
    lease.release();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    CallContext.checkDeadline("the upload");
    int n = readOrRefuse(buffer, offset, length);
    if (n > 0) {
      count += n;
      lease.growTo((count + STEP - 1) / STEP * STEP);
    }
    return n;
  }

  private int readOrRefuse(byte[] buffer, int offset, int length) {
    try {
      return in.read(buffer, offset, length);
    } catch (IOException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body broke off; what was not whole is not stored, send it again",
          e);
    }
  }
}
