package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.boot.ProblemWriter;
import io.membrane.fragment.connector.DirectOutput;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.fragment.store.Origin;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Streams fragments as frames. Keys are cut into windows of at most {@link #WINDOW_BYTES} (or one
 * larger fragment); while one window is written the next is fetched, so that at most two are held.
 * What fits into one window has a {@code Content-Length} and leaves without a chunk for each frame.
 *
 * <p>Once the answer has begun an error can only be told in frames: when a window fails, so do all
 * that follow, with the same problem and without asking again, but for what is in memory.
 */
final class BatchGet {

  static final long WINDOW_BYTES = 8L << 20;
  private static final int WINDOW_KEYS = 256;

  private final FragmentStore store;
  private final FragmentFrames frames;

  BatchGet(FragmentStore store, ProblemWriter problems, Clock clock) {
    this.store = store;
    this.frames = new FragmentFrames(problems, clock);
  }

  /** Keys to fetch together. */
  private record Window(List<FragmentKey> keys, List<Name> names, Sending sending) {}

  /** For whom, and whether as zstd. */
  private record Sending(Origin origin, boolean coded) {}

  /** What a window brought: a fragment or null per key, and the error if there was one. */
  private record Fetched(
      Window window, List<@Nullable Fragment> fragments, @Nullable MembraneException failure)
      implements AutoCloseable {

    @Override
    public void close() {
      for (Fragment fragment : fragments) {
        if (fragment != null) {
          fragment.close();
        }
      }
    }
  }

  /**
   * Writes a frame per key, in order, and the end frame.
   *
   * @param keys what is asked for
   * @param names the same, as the store calls it
   * @throws MembraneException if it is not even known what there is; nothing is written then
   */
  void stream(
      List<FragmentKey> keys,
      List<Name> names,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    List<@Nullable Description> known = known(names);
    Sending sending = new Sending(PeerHeader.origin(request), isCoded(request, known));
    List<Window> windows = windows(keys, names, known, sending);
    response.setContentType(Frame.MEDIA_TYPE);
    response.setHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    if (sending.coded()) {
      response.setHeader(HttpHeaders.CONTENT_ENCODING, AcceptedCodings.ZSTD);
    }
    DirectOutput out = DirectOutput.of(request);
    if (windows.size() == 1) {
      try (Fetched only = fetch(windows.getFirst())) {
        List<ByteBuffer> body = new ArrayList<>(2 * keys.size() + 1);
        add(only, body);
        FragmentFrames.addEnd(keys.size(), sending.coded(), body);
        response.setContentLengthLong(body.stream().mapToLong(ByteBuffer::remaining).sum());
        out.writeWhole(body);
      }
      return;
    }
    try (ExecutorService fetcher = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Fetched> next = null;
      MembraneException failure = null;
      for (int i = 0; i < windows.size(); i++) {
        Window window = windows.get(i);
        try (Fetched now = failure == null ? due(next, window) : fromMemory(window, failure)) {
          boolean goesOn = now.failure() == null && i + 1 < windows.size();
          next = goesOn ? ahead(fetcher, windows, i + 1) : null;
          failure = now.failure();
          List<ByteBuffer> part = new ArrayList<>();
          add(now, part);
          write(part, out);
        } catch (IOException | RuntimeException e) {
          close(next);
          throw e;
        }
      }
    }
    List<ByteBuffer> end = new ArrayList<>();
    FragmentFrames.addEnd(keys.size(), sending.coded(), end);
    write(end, out);
  }

  /**
   * Whether the answer goes as zstd: if that is preferred, and saves anything or is the only one.
   */
  private static boolean isCoded(HttpServletRequest request, List<@Nullable Description> known) {
    AcceptedCodings codings = AcceptedCodings.of(request);
    if (!codings.takesPlain() && !codings.takesZstd()) {
      throw new MembraneException(
          ErrorCode.NOT_ACCEPTABLE,
          "the answer is sent as it is or as zstd; accept identity, or leave Accept-Encoding out");
    }
    return codings.prefersZstd()
        && (!codings.takesPlain()
            || known.stream().anyMatch(found -> found != null && found.zstdBytes() != null));
  }

  private static List<Window> windows(
      List<FragmentKey> keys,
      List<Name> names,
      List<@Nullable Description> known,
      Sending sending) {
    List<Window> windows = new ArrayList<>();
    int from = 0;
    long bytes = 0;
    for (int i = 0; i < keys.size(); i++) {
      long more = held(known.get(i), sending);
      if (i > from && (bytes + more > WINDOW_BYTES || i - from == WINDOW_KEYS)) {
        windows.add(new Window(keys.subList(from, i), names.subList(from, i), sending));
        from = i;
        bytes = 0;
      }
      bytes += more;
    }
    if (from < keys.size()) {
      windows.add(
          new Window(keys.subList(from, keys.size()), names.subList(from, keys.size()), sending));
    }
    return windows;
  }

  /** Bytes of a fragment in memory while it is sent: those of its form too, if that is sent. */
  private static long held(@Nullable Description known, Sending sending) {
    if (known == null) {
      return 0;
    }
    Long form = sending.coded() ? known.zstdBytes() : null;
    return known.bytes() + (form == null ? 0 : form);
  }

  private List<@Nullable Description> known(List<Name> names) {
    try {
      return store.describe(names);
    } catch (MembraneException e) {
      List<@Nullable Description> inMemory = store.describeFromMemory(names);
      if (inMemory.stream().allMatch(Objects::isNull)) {
        throw e;
      }
      return inMemory;
    }
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
    try {
      Sending sending = window.sending();
      return new Fetched(
          window,
          sending.coded()
              ? store.getWithForms(window.names())
              : store.get(window.names(), sending.origin()),
          null);
    } catch (MembraneException e) {
      return fromMemory(window, e);
    }
  }

  private Fetched fromMemory(Window window, MembraneException failure) {
    return new Fetched(window, store.getFromMemory(window.names()), failure);
  }

  /** What is valid until what was fetched is closed. */
  private void add(Fetched fetched, List<ByteBuffer> to) {
    Window window = fetched.window();
    frames.add(window.keys(), fetched.fragments(), fetched.failure(), window.sending().coded(), to);
  }

  private static void write(List<ByteBuffer> part, DirectOutput out) throws IOException {
    for (ByteBuffer bytes : part) {
      out.write(bytes);
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
