package io.membrane.reconstruction.execute;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Keys;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Passes fragments through to a caller, frame by frame. Each delivery holds one frame, or one tail
 * and its parts, so the heap bound is {@code 2 × maxAtOnce × maxFragmentBytes}. Thread-safe.
 */
public final class Delivery {

  /** Where the frames go once the first of them is at hand. */
  @FunctionalInterface
  public interface Sink {
    OutputStream open() throws IOException;
  }

  private final FragmentClient fragments;
  private final int maxFragmentBytes;
  private final int maxAtOnce;
  private final Semaphore permits;

  public Delivery(FragmentClient fragments, int maxFragmentBytes, int maxAtOnce) {
    this.fragments = fragments;
    this.maxFragmentBytes = maxFragmentBytes;
    this.maxAtOnce = maxAtOnce;
    this.permits = new Semaphore(maxAtOnce);
  }

  /**
   * Writes one frame for each key, in order, and the end frame. One that is gone is a frame with
   * its problem; one whose bytes are not those of its digest likewise.
   *
   * @param tail what comes behind them, a frame for each of its parts; null for nothing
   * @return how many frames failed their digest
   * @throws MembraneException if fragment-service fails, {@link ErrorCode#OVERLOADED} past the
   *     limit
   * @throws IOException if the caller takes no more
   */
  public int deliver(List<FragmentKey> keys, @Nullable HeldTail tail, Sink sink)
      throws IOException {
    acquire();
    try {
      return copy(keys, tail, sink);
    } finally {
      permits.release();
    }
  }

  /** Takes the bytes of a transfer block. */
  @FunctionalInterface
  public interface TailSink {
    void write(byte[] bytes) throws IOException;
  }

  /**
   * Hands on a transfer block, which is then gone.
   *
   * @throws MembraneException if the worker does not have it, or its bytes are not what it says;
   *     {@link ErrorCode#OVERLOADED} past the limit
   * @throws IOException if the caller takes no more
   */
  public void deliverTail(ComputeClient worker, String id, TailSink sink) throws IOException {
    acquire();
    try {
      sink.write(TailBytes.fetch(worker, id, maxFragmentBytes));
    } finally {
      permits.release();
    }
  }

  private void acquire() {
    if (!permits.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "%d deliveries of bytes are under way, the most at once; try again or take references"
              .formatted(maxAtOnce));
    }
  }

  private int copy(List<FragmentKey> keys, @Nullable HeldTail tail, Sink sink) throws IOException {
    @Nullable FrameWriter out = null;
    int corrupt = 0;
    for (int from = 0; from < keys.size(); from += FragmentClient.MAX_KEYS) {
      List<FragmentKey> some =
          keys.subList(from, Math.min(keys.size(), from + FragmentClient.MAX_KEYS));
      try (InputStream in = fragments.batchGet(new Keys(some))) {
        FrameReader frames = new FrameReader(in, maxFragmentBytes, some.size());
        for (FragmentKey key : some) {
          Frame frame = next(frames, key);
          boolean whole = isWhole(frame);
          corrupt += whole ? 0 : 1;
          if (out == null) {
            out = new FrameWriter(sink.open());
          }
          out.write(whole ? frame : refused(key));
        }
        if (read(frames) != null) {
          throw broken("it sent more frames than were asked for", null);
        }
      }
    }
    if (out == null) {
      out = new FrameWriter(sink.open());
    }
    if (tail != null) {
      TailBytes.write(tail, maxFragmentBytes, out);
    }
    out.end();
    return corrupt;
  }

  private static Frame next(FrameReader frames, FragmentKey key) {
    Frame frame = read(frames);
    if (frame == null || !frame.header().key().equals(key)) {
      throw broken("it did not send " + key + " in its turn", null);
    }
    return frame;
  }

  private static @Nullable Frame read(FrameReader frames) {
    try {
      return frames.next();
    } catch (IOException e) {
      CallContext.checkDeadline("the delivery of fragments");
      throw broken(String.valueOf(e.getMessage()), e);
    } catch (MembraneException e) {
      throw broken(e.detail(), e);
    }
  }

  private static boolean isWhole(Frame frame) {
    return frame.status() != 200 || ContentDigest.of(frame.body()).equals(frame.header().digest());
  }

  private static Frame refused(FragmentKey key) {
    return Frame.failed(
        key,
        Problem.of(
            ErrorCode.DIGEST_MISMATCH,
            "the bytes of " + key + " arrived damaged and are not passed on; ask again",
            null));
  }

  private static MembraneException broken(String detail, @Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE, "fragment-service broke off: " + detail, cause);
  }
}
