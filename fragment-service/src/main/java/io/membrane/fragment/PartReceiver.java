package io.membrane.fragment;

import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.ResumableUploads;
import io.membrane.fragment.store.UploadWriter;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Receives a body into an upload, {@value ResumableUploads#PART_BYTES} bytes at a time: the next
 * are read when those before lie in Redis. What has come before a break stays.
 */
final class PartReceiver {

  /** Time to write what has come before a deadline passed or a caller went away. */
  private static final Duration LAST_WRITE = Duration.ofSeconds(2);

  private final FragmentStore store;

  PartReceiver(FragmentStore store) {
    this.store = store;
  }

  /**
   * Appends the whole body.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it broke off; what has come is
   *     appended then, as at a passed deadline; what {@link UploadWriter} throws
   */
  void receive(HttpServletRequest request, UploadWriter writer) throws IOException {
    long declared = request.getContentLengthLong();
    writer.requireRoom(declared);
    InputStream in = request.getInputStream();
    long first = writer.offset();
    boolean more = declared != 0;
    while (more) {
      long left = declared < 0 ? Long.MAX_VALUE : declared - (writer.offset() - first);
      more = left > 0 && receive(in, left, declared < 0, writer);
    }
  }

  /** One part; answers whether there may be another. */
  private boolean receive(InputStream in, long left, boolean mayEnd, UploadWriter writer) {
    long room = writer.room();
    // A byte more than may come, to see whether it does.
    long most = Math.min(left, Math.min(ResumableUploads.PART_BYTES, room + 1));
    try (Claim claim = store.claim(most)) {
      MembraneException broken = fill(claim, in);
      boolean ended = broken == null && claim.remaining() > 0;
      if (ended && !mayEnd) {
        broken = brokenOff(null);
      }
      if (claim.written() > room) {
        throw writer.tooLong();
      }
      append(claim, broken != null, writer);
      if (broken != null) {
        throw broken;
      }
      return !ended;
    }
  }

  private static void append(Claim claim, boolean isLast, UploadWriter writer) {
    if (claim.written() == 0) {
      return;
    }
    try (Payload part = claim.commit()) {
      if (isLast) {
        inTime(() -> writer.append(part));
      } else {
        writer.append(part);
      }
    }
  }

  /** Fills the claim, or less at the end of the stream; the error that ended it before, or null. */
  private static @Nullable MembraneException fill(Claim claim, InputStream in) {
    try {
      int n = 0;
      while (n >= 0 && claim.remaining() > 0) {
        CallContext.checkDeadline("the upload");
        n = claim.readFrom(in);
      }
      return null;
    } catch (MembraneException e) {
      return e;
    } catch (IOException e) {
      return brokenOff(e);
    }
  }

  private static void inTime(Runnable write) {
    try {
      CallContext.of(CallContext.tenantOfCall(), LAST_WRITE)
          .call(() -> {
            write.run();
            return true;
          });
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a write throws nothing checked", e);
    }
  }

  private static MembraneException brokenOff(@Nullable IOException e) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST,
        "the body broke off; ask for the offset (HEAD) and go on from there",
        e);
  }
}
