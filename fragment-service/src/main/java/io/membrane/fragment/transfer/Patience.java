package io.membrane.fragment.transfer;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Tries what broke off again, after pauses that grow while nothing comes of it. */
final class Patience {

  /** A connection is given up after so long, whatever comes. */
  private static final Duration LONGEST_CALL = Duration.ofMinutes(10);

  private static final int MOST_DOUBLINGS = 6;

  private final String tenant;
  private final TransferSettings settings;
  private final Progress progress;
  private final BooleanSupplier isCancelled;

  Patience(
      String tenant, TransferSettings settings, Progress progress, BooleanSupplier isCancelled) {
    this.tenant = tenant;
    this.settings = settings;
    this.progress = progress;
    this.isCancelled = isCancelled;
  }

  /** Something that may break off, done for the tenant. */
  interface Step {
    void run() throws BrokenOffException, InterruptedException;
  }

  /**
   * Does a step until it does not break off.
   *
   * @throws MembraneException if it did too often, and nothing came in between
   * @throws InterruptedException if the transfer is cancelled
   */
  void until(Step step) throws InterruptedException {
    int failures = 0;
    while (true) {
      if (isCancelled.getAsBoolean()) {
        throw new InterruptedException();
      }
      long before = progress.sign();
      try {
        inContext(step);
        return;
      } catch (BrokenOffException | InterruptedException e) {
        if (e instanceof InterruptedException interrupt && isCancelled.getAsBoolean()) {
          throw interrupt;
        }
        failures = progress.sign() > before ? 1 : failures + 1;
        if (failures >= settings.attempts()) {
          throw new MembraneException(
              ErrorCode.DEPENDENCY_UNAVAILABLE,
              e.getMessage()
                  + " ("
                  + failures
                  + " times in a row); what has come stays, post the transfer again to go on",
              e);
        }
        progress.retried();
        pause(failures);
      }
    }
  }

  private void inContext(Step step) throws BrokenOffException, InterruptedException {
    try {
      CallContext.of(tenant, LONGEST_CALL)
          .call(() -> {
            step.run();
            return true;
          });
    } catch (BrokenOffException | InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a step throws nothing else", e);
    }
  }

  /** An interrupt that does not cancel the transfer was for a call that hung; it has ended. */
  private void pause(int failures) throws InterruptedException {
    var _ = Thread.interrupted();
    try {
      Thread.sleep(
          settings.firstPause().multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS)));
    } catch (InterruptedException e) {
      if (isCancelled.getAsBoolean()) {
        throw e;
      }
    }
  }
}
