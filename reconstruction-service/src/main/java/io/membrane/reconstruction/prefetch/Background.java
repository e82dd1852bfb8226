package io.membrane.reconstruction.prefetch;

import io.membrane.rpc.CallContext;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that nobody waits for: a bounded number of tasks at a time, each with a deadline. */
final class Background {

  private static final Logger log = LoggerFactory.getLogger(Background.class);

  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String name;
  private final Semaphore free;

  /**
   * @param name of the threads
   * @param most tasks at a time
   */
  Background(String name, int most) {
    this.name = name;
    this.free = new Semaphore(most);
  }

  /**
   * Begins a task for a tenant.
   *
   * @param done is told whether it was carried out: false if too many are under way, or it failed
   */
  void begin(String tenant, Runnable task, Consumer<Boolean> done) {
    begin(CallContext.of(tenant, PATIENCE), task, done);
  }

  /**
   * Begins a task of a call, which it does not outlive by its deadline.
   *
   * @param done as above
   */
  void begin(CallContext call, Runnable task, Consumer<Boolean> done) {
    if (!free.tryAcquire()) {
      done.accept(false);
      return;
    }
    Thread.ofVirtual().name(name).start(() -> run(call.within(PATIENCE), task, done));
  }

  private void run(CallContext call, Runnable task, Consumer<Boolean> done) {
    boolean carriedOut = false;
    try {
      carriedOut =
          call.call(() -> {
            task.run();
            return true;
          });
    } catch (Exception e) {
      log.debug("{}: {}", name, e.getMessage());
    } finally {
      free.release();
      done.accept(carriedOut);
    }
  }
}
