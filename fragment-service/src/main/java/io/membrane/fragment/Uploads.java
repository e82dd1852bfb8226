package io.membrane.fragment;

import io.membrane.fragment.connector.DirectInput;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Receives bodies into off-heap memory, whole or not at all. That a body breaks off is the caller's
 * error, not the service's.
 */
final class Uploads {

  /** Room is taken in steps of this many bytes where the length is not known. */
  private static final int STEP = 256 * 1024;

  private final FragmentStore store;
  private final long maxBytes;

  Uploads(FragmentStore store, long maxBytes) {
    this.store = store;
    this.maxBytes = maxBytes;
  }

  /**
   * Reads the body of a request, and digests it as it comes; for a known length there is room
   * before the first byte is read.
   *
   * @return the caller's to close
   * @throws MembraneException {@link ErrorCode#TOO_LARGE}, {@link ErrorCode#OVERLOADED}, or {@link
   *     ErrorCode#MALFORMED_REQUEST} if it broke off
   */
  Payload read(HttpServletRequest request) throws IOException {
    long declared = request.getContentLengthLong();
    if (declared > maxBytes) {
      throw tooLarge();
    }
    try (Claim claim = store.claim(Math.max(0, declared))) {
      claim.digestAsWritten();
      DirectInput direct = declared < 0 ? null : DirectInput.of(request);
      if (declared < 0) {
        readAll(request.getInputStream(), claim);
      } else if (direct == null) {
        readWhole(request.getInputStream(), claim);
      } else {
        readWhole(direct, claim);
      }
      return claim.commit();
    } catch (EOFException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body is shorter than its Content-Length; send it again",
          e);
    }
  }

  /**
   * Reads a payload of known length off a stream.
   *
   * @return the caller's to close
   * @throws EOFException if the stream ends before
   */
  Payload read(InputStream in, long length) throws IOException {
    try (Claim claim = store.claim(length)) {
      claim.digestAsWritten();
      readWhole(in, claim);
      return claim.commit();
    }
  }

  private static void readWhole(InputStream in, Claim claim) throws IOException {
    while (claim.remaining() > 0) {
      if (read(() -> claim.readFrom(in)) < 0) {
        throw new EOFException();
      }
    }
  }

  private static void readWhole(DirectInput in, Claim claim) throws IOException {
    while (claim.remaining() > 0) {
      if (read(() -> claim.readFrom(in)) < 0) {
        throw new EOFException();
      }
    }
  }

  private void readAll(InputStream in, Claim claim) throws IOException {
    do {
      if (claim.remaining() == 0) {
        // One more than the limit, to see whether there is more.
        long room = Math.min(STEP, maxBytes + 1 - claim.written());
        if (room == 0) {
          throw tooLarge();
        }
        store.grow(claim, room);
      }
    } while (read(() -> claim.readFrom(in)) >= 0);
  }

  @FunctionalInterface
  private interface Step {
    int read() throws IOException;
  }

  private static int read(Step step) {
    CallContext.checkDeadline("the upload");
    try {
      return step.read();
    } catch (IOException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body broke off; what was not whole is not stored, send it again",
          e);
    }
  }

  private MembraneException tooLarge() {
    return tooLarge(maxBytes);
  }

  static MembraneException tooLarge(long maxBytes) {
    return new MembraneException(
        ErrorCode.TOO_LARGE,
        "a fragment has at most " + maxBytes + " bytes; store it in slices of fewer layers");
  }
}
