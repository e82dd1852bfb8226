package io.membrane.fragment;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.compression.ZstdStream;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.Fragment;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Fragments as frames, from where they lie. As zstd the whole is zstd frames one behind the other:
 * of payloads those that lie in the store, of all else such as are not compressed. Thread-safe.
 */
final class FragmentFrames {

  private final ProblemWriter problems;
  private final Clock clock;

  /**
   * Headers of what was read last, by identity: a fragment that is kept in memory has one
   * description for as long as it is.
   */
  private final Cache<Description, Encoded> headers =
      Caffeine.newBuilder().weakKeys().executor(Runnable::run).build();

  FragmentFrames(ProblemWriter problems, Clock clock) {
    this.problems = problems;
    this.clock = clock;
  }

  /** A frame's header, true while a fragment has so many seconds left. */
  @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
  private record Encoded(@Nullable Long secondsLeft, byte[] json) {}

  /**
   * Adds a frame for each key.
   *
   * @param fragments in the order of the keys, null for each that there is none of
   * @param failure why there are none of those, or null if they are not stored
   * @param to what is sent, in order; valid until the fragments are closed
   */
  void add(
      List<FragmentKey> keys,
      List<@Nullable Fragment> fragments,
      @Nullable MembraneException failure,
      boolean asZstd,
      List<ByteBuffer> to) {
    Problem why = problem(failure);
    for (int i = 0; i < keys.size(); i++) {
      FragmentKey key = keys.get(i);
      Fragment fragment = fragments.get(i);
      if (fragment == null) {
        Frame failed = Frame.failed(key, why);
        byte[] header = FrameWriter.encode(failed.header());
        add(ByteBuffer.wrap(FrameWriter.begin(failed.status(), header, 0)), asZstd, to);
        continue;
      }
      long length = fragment.body().length();
      byte[] header = header(key, fragment.description());
      add(ByteBuffer.wrap(FrameWriter.begin(200, header, length)), asZstd, to);
      Payload zstd = fragment.zstd();
      if (asZstd && zstd != null) {
        Collections.addAll(to, zstd.buffers(0, zstd.length()));
      } else {
        for (ByteBuffer bytes : fragment.body().buffers(0, length)) {
          add(bytes, asZstd, to);
        }
      }
    }
  }

  /** Adds the end frame of a body of so many. */
  static void addEnd(int frames, boolean asZstd, List<ByteBuffer> to) {
    add(ByteBuffer.wrap(FrameWriter.end(frames)), asZstd, to);
  }

  private static void add(ByteBuffer bytes, boolean asZstd, List<ByteBuffer> to) {
    if (asZstd) {
      ZstdStream.addRaw(bytes, to);
    } else {
      to.add(bytes);
    }
  }

  private Problem problem(@Nullable MembraneException failure) {
    return failure == null
        ? problems.problem(ErrorCode.FRAGMENT_NOT_FOUND, "not stored here")
        : problems.problem(failure.code(), failure.detail());
  }

  private byte[] header(FragmentKey key, Description description) {
    long now = clock.millis();
    Long left = description.secondsLeft(now);
    Encoded last = headers.getIfPresent(description);
    if (last != null && Objects.equals(last.secondsLeft(), left)) {
      return last.json();
    }
    FragmentMeta meta = FragmentHeaders.meta(description, now);
    byte[] json = FrameWriter.encode(new Frame.Header(key, meta, description.digest(), null, null));
    headers.put(description, new Encoded(left, json));
    return json;
  }
}
