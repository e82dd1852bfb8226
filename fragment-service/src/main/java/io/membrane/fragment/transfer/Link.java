package io.membrane.fragment.transfer;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentPeerClient;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What a transfer hears from its peer, no faster than it may. What may succeed if it is tried again
 * is a {@link BrokenOffException}. For one thread, but for {@link #silentFor}.
 */
final class Link {

  private static final int MOST_ANSWER_BYTES = (1 << 20) + 4096;

  private final FragmentPeerClient peer;
  private final List<ByteRate> rates;
  private final Timer waits;
  private final Progress progress;
  private final BooleanSupplier isCancelled;

  /** {@link System#nanoTime()} since which the peer is listened to; 0 while it is not. */
  private volatile long listeningSince;

  Link(
      FragmentPeerClient peer,
      List<ByteRate> rates,
      Timer waits,
      Progress progress,
      BooleanSupplier isCancelled) {
    this.peer = peer;
    this.rates = rates;
    this.waits = waits;
    this.progress = progress;
    this.isCancelled = isCancelled;
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

  /** Frames in the order of the keys; the caller's to close. */
  InputStream batchGet(List<FragmentKey> keys) throws BrokenOffException {
    return call(() -> peer.batchGet(new FragmentClient.Keys(keys)));
  }

  /** Bytes of a fragment, from one to before another; the caller's to close. */
  InputStream part(FragmentKey key, long from, long to) throws BrokenOffException {
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
      progress.received(n);
      pace(n);
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
