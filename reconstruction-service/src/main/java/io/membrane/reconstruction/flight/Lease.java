package io.membrane.reconstruction.flight;

import io.membrane.block.BlockHash;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The right to compute a prompt alone, renewed by a thread of its own until it is closed. One that
 * is lost, since Redis was away for longer than it lasts, hinders nobody: the prompt may then be
 * computed twice. Closed by the thread that made it.
 */
public final class Lease implements AutoCloseable {

  private final Leases leases;
  private final BlockHash block;
  private final String key;
  private final String token;
  private final @Nullable String before;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable String position;

  Lease(Leases leases, BlockHash block, String key, String token, @Nullable String before) {
    this.leases = leases;
    this.block = block;
    this.key = key;
    this.token = token;
    this.before = before;
  }

  /** Log position of what the last holder stored, lately; null if there is none. */
  public @Nullable String storedBefore() {
    return before;
  }

  /** What was computed is known to the directory at this log position; null if nobody knows. */
  public void stored(@Nullable String logPosition) {
    position = logPosition;
  }

  /** Whether another call, at any replica, waits for what is computed. */
  public boolean isAwaited() {
    return leases.isAwaited(block);
  }

  /** Lets the next one compute, or match what there is now. */
  @Override
  public void close() {
    closed.countDown();
    leases.release(key, token, position);
  }

  void renewEvery(long millis) {
    Thread.ofVirtual().name("lease " + key).start(() -> renew(millis));
  }

  private void renew(long millis) {
    try {
      boolean held = true;
      while (held && !closed.await(millis, TimeUnit.MILLISECONDS)) {
        held = leases.renew(key, token);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
