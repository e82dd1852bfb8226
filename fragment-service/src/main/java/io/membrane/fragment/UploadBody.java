package io.membrane.fragment;

import io.membrane.fragment.inflight.BodyStream;
import io.membrane.fragment.inflight.Lease;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/** Reads the body of a put whole, or not at all. */
final class UploadBody {

  private final int maxBytes;

  UploadBody(long maxBytes) {
    this.maxBytes = Math.toIntExact(maxBytes);
  }

  /**
   * Reads the body; a known length is leased before the first byte is read.
   *
   * @throws MembraneException {@link ErrorCode#TOO_LARGE}, {@link ErrorCode#OVERLOADED}, or {@link
   *     ErrorCode#MALFORMED_REQUEST} if it broke off
   */
  byte[] read(HttpServletRequest request, Lease lease) throws IOException {
    long declared = request.getContentLengthLong();
    if (declared > maxBytes) {
      throw tooLarge();
    }
    lease.growTo(declared);
    BodyStream body = new BodyStream(request.getInputStream(), lease);
    return declared < 0 ? gathered(body) : exactly(body, (int) declared);
  }

  private byte[] gathered(BodyStream body) throws IOException {
    byte[] bytes = body.readNBytes(maxBytes);
    if (bytes.length == maxBytes && body.read() >= 0) {
      throw tooLarge();
    }
    return bytes;
  }

  private static byte[] exactly(BodyStream body, int length) throws IOException {
    byte[] bytes = new byte[length];
    if (body.readNBytes(bytes, 0, length) < length) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body is shorter than its Content-Length; send it again");
    }
    return bytes;
  }

  private MembraneException tooLarge() {
    return new MembraneException(
        ErrorCode.TOO_LARGE,
        "a fragment has at most " + maxBytes + " bytes; store it in slices of fewer layers");
  }
}
