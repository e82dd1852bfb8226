package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
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
import org.jspecify.annotations.Nullable;

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
  private final Uploads uploads;
  private final ProblemWriter problems;
  private final long maxBytes;

  BatchPut(FragmentStore store, ProblemWriter problems, long maxBytes) {
    this.store = store;
    this.uploads = new Uploads(store, maxBytes);
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
    FrameReader reader = new FrameReader(frames, maxBytes, FragmentClient.MAX_KEYS);
    List<Frame> answers = new ArrayList<>();
    Frame answer = storeNext(reader);
    while (answer != null) {
      answers.add(answer);
      answer = storeNext(reader);
    }
    return answers;
  }

  private @Nullable Frame storeNext(FrameReader reader) throws IOException {
    FrameReader.Read<Payload> frame = reader.next(uploads::read);
    if (frame == null) {
      return null;
    }
    try (Payload body = frame.body()) {
      return store(frame.header(), body);
    }
  }

  private Frame store(Frame.Header header, Payload body) {
    FragmentKey key = header.key();
    FragmentMeta meta = header.meta();
    try {
      if (meta == null || meta.namespace() == null || meta.tokenSpan() == null) {
        throw new MembraneException(
            ErrorCode.MALFORMED_REQUEST,
            "the frame's meta is incomplete; write its namespace, parent and token_span");
      }
      FragmentStore.Stored stored =
          store.put(CallContext.tenantOfCall(), key, meta, header.digest(), body);
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
