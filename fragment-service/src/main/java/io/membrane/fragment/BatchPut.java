package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.inflight.BodyStream;
import io.membrane.fragment.inflight.InFlight;
import io.membrane.fragment.inflight.Lease;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Stores a body of frames, one fragment at a time.
 *
 * <p>The answers (under 1 KB each, {@link FragmentClient#MAX_KEYS} at most) are gathered and
 * written after the last frame has been read: a caller that writes everything before it reads
 * cannot block, and a body that turns out to be cut ends in a plain error. What was whole before
 * stays stored; sending it again is harmless.
 */
final class BatchPut {

  private final FragmentStore store;
  private final InFlight inFlight;
  private final ProblemWriter problems;
  private final long maxBytes;

  BatchPut(FragmentStore store, InFlight inFlight, ProblemWriter problems, long maxBytes) {
    this.store = store;
    this.inFlight = inFlight;
    this.problems = problems;
    this.maxBytes = maxBytes;
  }

  /**
   * Stores every frame.
   *
   * @return a frame for each, in order
   * @throws MembraneException if the body is no sequence of whole frames within the limits, or if
   *     the store cannot be reached
   */
  List<Frame> store(InputStream frames) throws IOException {
    try (Lease lease = inFlight.reserve(0)) {
      BodyStream body = new BodyStream(frames, lease);
      FrameReader reader = new FrameReader(body, maxBytes, FragmentClient.MAX_KEYS);
      List<Frame> answers = new ArrayList<>();
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        answers.add(store(frame));
        body.forget();
      }
      return answers;
    }
  }

  private Frame store(Frame frame) {
    FragmentKey key = frame.header().key();
    FragmentMeta meta = frame.header().meta();
    try {
      if (meta == null || meta.namespace() == null || meta.tokenSpan() == null) {
        throw new MembraneException(
            ErrorCode.MALFORMED_REQUEST,
            "the frame's meta is incomplete; write its namespace, parent and token_span");
      }
      FragmentStore.Stored stored = store.put(key, meta, frame.header().digest(), frame.body());
      return Frame.stored(stored.isNew() ? 201 : 200, key, stored.digest(), stored.logPosition());
    } catch (MembraneException e) {
      if (concernsAll(e.code())) {
        throw e;
      }
      return Frame.failed(key, problems.problem(e.code(), e.detail()));
    }
  }

  /** Whether the next fragment would meet the same error, however good it is. */
  private static boolean concernsAll(ErrorCode code) {
    return code == ErrorCode.DEPENDENCY_UNAVAILABLE || code == ErrorCode.DEADLINE_EXCEEDED;
  }
}
