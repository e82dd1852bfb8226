package io.membrane.fragment.peers;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.TraceParent;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.Keys;
import io.micrometer.observation.ObservationRegistry;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a node for fragments, in one {@code batch-get}, into off-heap memory.
 *
 * <p>The time for it is bounded by what is asked for: {@link #FIRST_BYTE} and the bytes at {@value
 * #SLOWEST} B/s, below which a link is no gain over Redis. Thread-safe; methods block.
 */
public final class PeerReads implements AutoCloseable {

  /** The header that marks such a call: no other node is to be asked for its sake. */
  public static final String HEADER = "Membrane-Peer";

  static final Duration FIRST_BYTE = Duration.ofMillis(250);

  private static final String PATH = "/v1/fragments/batch-get";
  private static final Duration LONG = Duration.ofMinutes(1);

  /** Bytes per second. */
  private static final long SLOWEST = 64L << 20;

  private static final Logger log = LoggerFactory.getLogger(PeerReads.class);

  private final Supplier<HttpClient> http;
  private final MemoryTier memory;
  private final PeerMeters meters;
  private final ObservationRegistry observations;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("peer-deadlines").factory());

  PeerReads(
      Supplier<HttpClient> http,
      MemoryTier memory,
      PeerMeters meters,
      ObservationRegistry observations) {
    this.http = http;
    this.memory = memory;
    this.meters = meters;
    this.observations = observations;
  }

  /** The node's bytes are not those that were asked for, or no frames at all. */
  private static final class WrongAnswer extends IOException {

    private static final long serialVersionUID = 1L;

    WrongAnswer(String message) {
      super(message);
    }
  }

  /** There is no room here in time; the node cannot help it. */
  private static final class NoRoom extends IOException {

    private static final long serialVersionUID = 1L;

    NoRoom(MembraneException cause) {
      super(cause);
    }
  }

  /**
   * Asks a node.
   *
   * @param wanted at most as many as a batch may have
   * @param taken gets the bytes of each that was answered, at its place; the caller's to close,
   *     whatever comes after
   */
  void read(Peer peer, List<Description> wanted, @Nullable Payload[] taken) {
    boolean isShort = CallContext.currentOr(LONG).remaining().compareTo(FIRST_BYTE) < 0;
    if (isShort || !peer.free().tryAcquire()) {
      meters.read(PeerMeters.Read.AVOIDED, wanted.size());
      return;
    }
    try {
      if (!peer.breaker().tryAcquirePermission()) {
        meters.read(PeerMeters.Read.AVOIDED, wanted.size());
        return;
      }
      PeerMeters.Read rest = permitted(peer, wanted, taken);
      int hits = (int) Arrays.stream(taken).filter(Objects::nonNull).count();
      meters.read(PeerMeters.Read.HIT, hits);
      meters.read(rest, taken.length - hits);
    } finally {
      peer.free().release();
    }
  }

  /** What became of those that are not taken then. */
  private PeerMeters.Read permitted(
      Peer peer, List<Description> wanted, @Nullable Payload[] taken) {
    long begun = System.nanoTime();
    try {
      exchange(peer, wanted, taken);
      peer.breaker().onSuccess(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
      return PeerMeters.Read.ABSENT;
    } catch (NoRoom e) {
      peer.breaker().releasePermission();
      log.debug("no room for what {} has", peer.id(), e);
      return PeerMeters.Read.AVOIDED;
    } catch (IOException | RuntimeException e) {
      if (CallContext.isCancelled()) {
        peer.breaker().releasePermission();
        return PeerMeters.Read.AVOIDED;
      }
      peer.breaker().onError(System.nanoTime() - begun, TimeUnit.NANOSECONDS, e);
      log.debug("{} at {} did not answer well: {}", peer.id(), peer.url(), e.toString());
      return e instanceof WrongAnswer ? PeerMeters.Read.WRONG : PeerMeters.Read.FAILED;
    }
  }

  private void exchange(Peer peer, List<Description> wanted, @Nullable Payload[] taken)
      throws IOException {
    long bytes = wanted.stream().mapToLong(Description::bytes).sum();
    CallContext context =
        CallContext.currentOr(LONG).within(FIRST_BYTE.plusMillis(bytes * 1000 / SLOWEST));
    PeerCall call = new PeerCall(peer.url(), PATH, request(peer, wanted, context));
    call.observe(observations, () -> exchange(call, wanted, taken, context));
  }

  private void exchange(
      PeerCall call, List<Description> wanted, @Nullable Payload[] taken, CallContext context)
      throws IOException {
    HttpResponse<InputStream> answer = send(call.request());
    call.answered(answer.statusCode());
    AtomicBoolean late = new AtomicBoolean();
    InputStream body = answer.body();
    ScheduledFuture<?> deadline =
        deadlines.schedule(
            () -> {
              late.set(true);
              close(body);
            },
            context.remaining().toNanos(),
            TimeUnit.NANOSECONDS);
    try (body) {
      if (answer.statusCode() != 200) {
        throw new IOException("status " + answer.statusCode());
      }
      take(body, wanted, taken, context);
    } catch (MembraneException e) {
      throw new IOException(late.get() ? "too slow" : e.getMessage(), e);
    } finally {
      deadline.cancel(false);
    }
  }

  private static HttpRequest.Builder request(
      Peer peer, List<Description> wanted, CallContext context) {
    List<FragmentKey> keys =
        wanted.stream().map(one -> Objects.requireNonNull(one.name().fragment())).toList();
    Duration patience = context.remaining().plusMillis(1);
    HttpRequest.Builder request = HttpRequest.newBuilder(peer.resolve(PATH));
    TraceParent.to(request::setHeader);
    return request
        .timeout(patience)
        .header("Content-Type", "application/json")
        .header("Accept", Frame.MEDIA_TYPE)
        .header(CallContext.TENANT_HEADER, context.tenant())
        .header(CallContext.DEADLINE_HEADER, Long.toString(patience.toMillis()))
        .header(HEADER, "1")
        .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(new Keys(keys))));
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    try {
      return http.get().send(request, BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void take(
      InputStream body, List<Description> wanted, @Nullable Payload[] taken, CallContext context)
      throws IOException {
    long most = wanted.stream().mapToLong(Description::bytes).max().orElse(0);
    FrameReader frames = new FrameReader(body, most, wanted.size());
    for (int i = 0; i < taken.length; i++) {
      Description one = wanted.get(i);
      FrameReader.Read<Optional<Payload>> frame =
          frames.next((in, length) -> payload(in, length, one.bytes(), context));
      if (frame == null) {
        throw new WrongAnswer("frames are missing");
      }
      Payload payload = frame.body().orElse(null);
      if (!frame.header().key().equals(one.name().fragment())) {
        close(payload);
        throw new WrongAnswer("a frame is not the one that is due");
      }
      if (payload != null && !payload.digest().equals(one.digest())) {
        payload.close();
        throw new WrongAnswer(one.name() + " does not have its digest");
      }
      taken[i] = payload;
    }
    if (frames.next() != null) {
      throw new WrongAnswer("there are more frames than were asked for");
    }
  }

  /** Empty if the frame has none. */
  private Optional<Payload> payload(InputStream in, long length, long expected, CallContext context)
      throws IOException {
    if (length == 0) {
      return Optional.empty();
    }
    if (length != expected) {
      throw new WrongAnswer("a fragment of " + expected + " bytes comes with " + length);
    }
    try (Claim claim = claim(length, context)) {
      while (claim.remaining() > 0) {
        if (claim.readFrom(in) < 0) {
          throw new EOFException();
        }
      }
      return Optional.of(claim.commit());
    }
  }

  private Claim claim(long length, CallContext context) throws IOException {
    try {
      return context.call(() -> memory.claim(length));
    } catch (MembraneException e) {
      throw new NoRoom(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a claim throws nothing checked", e);
    }
  }

  private static void close(@Nullable Payload payload) {
    if (payload != null) {
      payload.close();
    }
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      log.debug("an answer that came too late", e);
    }
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
  }
}
