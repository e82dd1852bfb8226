package io.membrane.fragment.transfer;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.compression.ZstdCodec;
import io.membrane.fragment.compression.ZstdStream;
import io.membrane.fragment.offheap.Claim;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentPeerClient;
import io.micrometer.core.instrument.Timer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;

/**
 * What a transfer hears from its peer, no faster than it may. What may succeed if it is tried again
 * is a {@link BrokenOffException}. For one thread, but for {@link #silentFor}.
 */
final class Link {

  private static final Logger log = LoggerFactory.getLogger(Link.class);
  private static final int MOST_ANSWER_BYTES = (1 << 20) + 4096;
  private static final String ZSTD = "zstd";

  private final FragmentPeerClient peer;
  private final List<ByteRate> rates;
  private final Timer waits;
  private final Progress progress;
  private final BooleanSupplier isCancelled;
  private final String codings;

  /** What is read of an answer that comes as zstd; null while none does. */
  private @Nullable Counted coded;

  /** {@link System#nanoTime()} since which the peer is listened to; 0 while it is not. */
  private volatile long listeningSince;

  Link(
      FragmentPeerClient peer,
      List<ByteRate> rates,
      Timer waits,
      Progress progress,
      BooleanSupplier isCancelled) {
    this.codings = codings();
    this.peer = peer;
    this.rates = rates;
    this.waits = waits;
    this.progress = progress;
    this.isCancelled = isCancelled;
  }

  private static String codings() {
    try {
      ZstdCodec.load();
      return ZSTD + ", identity;q=0.5";
    } catch (IllegalStateException e) {
      log.warn("fragments are transferred uncompressed: {}", e.getMessage());
      return "identity";
    }
  }

  /** Nanoseconds that the peer is listened to and says nothing. */
  long silentFor() {
    long since = listeningSince;
    return since == 0 ? 0 : System.nanoTime() - since;
  }

  /** The answer to a question of a reconciliation. */
  byte[] ask(byte[] question) throws BrokenOffException, InterruptedException {
    try (InputStream in = call(() -> peer.inventory(question))) {
      byte[] answer = listen(() -> in.readNBytes(MOST_ANSWER_BYTES + 1));
      if (answer.length > MOST_ANSWER_BYTES) {
        throw new BrokenOffException("an answer was longer than was asked for", null);
      }
      progress.exchanged(question.length + answer.length);
      pace(question.length + answer.length);
      return answer;
    } catch (IOException e) {
      throw brokenOff(e);
    }
  }

  /** Frames in the order of the keys, which may come as zstd; the caller's to close. */
  InputStream batchGet(List<FragmentKey> keys) throws BrokenOffException {
    coded = null;
    ResponseEntity<InputStream> answer =
        call(() -> peer.batchGet(codings, new FragmentClient.Keys(keys)));
    InputStream body = answer.getBody();
    if (body == null) {
      throw new BrokenOffException("the peer sent nothing", null);
    }
    if (!ZSTD.equals(answer.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING))) {
      return body;
    }
    Counted counted = new Counted(body);
    coded = counted;
    return listen(() -> new ZstdStream(counted));
  }

  /** Counts what comes over the line. */
  private static final class Counted extends FilterInputStream {

    private long bytes;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      bytes += one < 0 ? 0 : 1;
      return one;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int n = super.read(into, offset, length);
      bytes += Math.max(0, n);
      return n;
    }

    /** Bytes since this was asked last. */
    long taken() {
      long taken = bytes;
      bytes = 0;
      return taken;
    }
  }

  /** Bytes of a fragment, from one to before another; the caller's to close. */
  InputStream part(FragmentKey key, long from, long to) throws BrokenOffException {
    coded = null;
    return call(() ->
        peer.part(key.hash().hex(), key.slice().toString(), "bytes=" + from + "-" + (to - 1)));
  }

  /** Reads until so many bytes are written; those that came before a break stay. */
  void receive(InputStream in, Claim claim, long until)
      throws BrokenOffException, InterruptedException {
    while (claim.written() < until) {
      int n = listen(() -> claim.readFrom(in));
      if (n < 0) {
        throw new BrokenOffException("a body ended before its end", null);
      }
      Counted line = coded;
      long came = line == null ? n : line.taken();
      progress.received(came);
      pace(came);
    }
  }

  /** Something that is read from the peer. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /** Reads; whatever goes wrong with that may go right the next time. */
  <T> T listen(Reading<T> reading) throws BrokenOffException {
    listeningSince = System.nanoTime();
    try {
      return reading.read();
    } catch (IOException e) {
      throw brokenOff(e);
    } finally {
      listeningSince = 0;
    }
  }

  private <T> T call(Supplier<T> call) throws BrokenOffException {
    listeningSince = System.nanoTime();
    try {
      return call.get();
    } catch (MembraneException e) {
      if (mayPass(e.code())) {
        throw new BrokenOffException(e.detail(), e);
      }
      throw e;
    } catch (RuntimeException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw new BrokenOffException("the call was interrupted", e);
      }
      throw e;
    } finally {
      listeningSince = 0;
    }
  }

  /** Whether an error of the peer may be another, or none, the next time. */
  static boolean mayPass(ErrorCode code) {
    return code.retriable() || code == ErrorCode.INTERNAL;
  }

  private void pace(long bytes) throws InterruptedException {
    if (isCancelled.getAsBoolean()) {
      throw new InterruptedException();
    }
    long before = System.nanoTime();
    for (ByteRate rate : rates) {
      rate.take(bytes);
    }
    if (!rates.isEmpty()) {
      waits.record(System.nanoTime() - before, TimeUnit.NANOSECONDS);
    }
  }

  private static BrokenOffException brokenOff(IOException e) {
    return new BrokenOffException("the connection broke off: " + e.getMessage(), e);
  }
}
