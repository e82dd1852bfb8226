package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.inflight.InFlight;
import io.membrane.fragment.inflight.Lease;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Streams fragments as frames. Keys are cut into windows of at most {@link #WINDOW_BYTES} (or one
 * larger fragment); while one window is written the next is fetched, so that at most two are held.
 *
 * <p>Once the answer has begun an error can only be told in frames: when a window fails, so do all
 * that follow, with the same problem and without asking again.
 */
final class BatchGet {

  static final long WINDOW_BYTES = 8L << 20;
  private static final int WINDOW_KEYS = 256;

  private final FragmentStore store;
  private final InFlight inFlight;
  private final ProblemWriter problems;

  BatchGet(FragmentStore store, InFlight inFlight, ProblemWriter problems) {
    this.store = store;
    this.inFlight = inFlight;
    this.problems = problems;
  }

  /** Keys to fetch together, and how many bytes that will be. */
  private record Window(List<FragmentKey> keys, long bytes) {}

  /** What a window brought: a fragment or null per key, or the error that it ended in. */
  private record Fetched(
      Window window,
      Lease lease,
      List<@Nullable Fragment> fragments,
      @Nullable MembraneException failure)
      implements AutoCloseable {

    @Override
    public void close() {
      lease.close();
    }
  }

  /**
   * Writes a frame per key, in order, and the end frame.
   *
   * @param sizes bytes of each fragment as far as known
   */
  void stream(List<FragmentKey> keys, List<Long> sizes, FrameWriter out) throws IOException {
    List<Window> windows = windows(keys, sizes);
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Fetched> next = null;
      MembraneException failure = null;
      for (int i = 0; i < windows.size(); i++) {
        if (failure != null) {
          fail(windows.get(i), failure, out);
          continue;
        }
        try (Fetched now = due(next, windows.get(i))) {
          next = i + 1 < windows.size() ? ahead(fetcher, windows, i + 1) : null;
          failure = now.failure();
          write(now, out);
        } catch (IOException | RuntimeException e) {
          close(next);
          throw e;
        }
        if (failure != null) {
          close(next);
        }
      }
    }
    out.end();
  }

  private static List<Window> windows(List<FragmentKey> keys, List<Long> sizes) {
    List<Window> windows = new ArrayList<>();
    int from = 0;
    long bytes = 0;
    for (int i = 0; i < keys.size(); i++) {
      if (i > from && (bytes + sizes.get(i) > WINDOW_BYTES || i - from == WINDOW_KEYS)) {
        windows.add(new Window(keys.subList(from, i), bytes));
        from = i;
        bytes = 0;
      }
      bytes += sizes.get(i);
    }
    if (from < keys.size()) {
      windows.add(new Window(keys.subList(from, keys.size()), bytes));
    }
    return windows;
  }

  /** The window that is to be written now; nothing of this call is in its way any more. */
  private Fetched due(@Nullable Future<Fetched> fetched, Window window) {
    if (fetched != null) {
      Fetched ahead = await(fetched);
      MembraneException failure = ahead.failure();
      if (failure == null || failure.code() != ErrorCode.OVERLOADED) {
        return ahead;
      }
    }
    return fetch(window);
  }

  private Future<Fetched> ahead(ExecutorService fetcher, List<Window> windows, int index) {
    return fetcher.submit(CallContext.carry(() -> fetch(windows.get(index))));
  }

  private Fetched fetch(Window window) {
    Lease lease = inFlight.reserve(0);
    try {
      lease.growTo(window.bytes());
      return new Fetched(window, lease, store.get(window.keys()), null);
    } catch (MembraneException e) {
      lease.release();
      return new Fetched(window, lease, Collections.emptyList(), e);
    } catch (RuntimeException e) {
      lease.release();
      throw e;
    }
  }

  private void write(Fetched fetched, FrameWriter out) throws IOException {
    MembraneException failure = fetched.failure();
    if (failure != null) {
      fail(fetched.window(), failure, out);
      return;
    }
    for (int i = 0; i < fetched.fragments().size(); i++) {
      FragmentKey key = fetched.window().keys().get(i);
      Fragment fragment = fetched.fragments().get(i);
      out.write(
          fragment == null
              ? Frame.failed(key, problems.problem(ErrorCode.FRAGMENT_NOT_FOUND, "not stored here"))
              : Frame.payload(
                  200,
                  key,
                  fragment.description().meta(),
                  fragment.description().digest(),
                  fragment.body()));
    }
  }

  private void fail(Window window, MembraneException failure, FrameWriter out) throws IOException {
    for (FragmentKey key : window.keys()) {
      out.write(Frame.failed(key, problems.problem(failure.code(), failure.detail())));
    }
  }

  private static void close(@Nullable Future<Fetched> fetched) {
    if (fetched != null) {
      await(fetched).close();
    }
  }

  private static Fetched await(Future<Fetched> fetched) {
    try {
      return fetched.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(ErrorCode.OVERLOADED, "the service is stopping; try again", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
