package io.membrane.reconstruction;

import io.membrane.reconstruction.prefetch.Prefetching;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Looks every 250 ms for turns that are expected. */
@Component
class ExpectedTurns implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(ExpectedTurns.class);

  private static final int EVERY_MS = 250;

  private final Prefetching prefetching;
  private @Nullable Thread thread;

  ExpectedTurns(Prefetching prefetching) {
    this.prefetching = prefetching;
  }

  @Override
  public synchronized void start() {
    thread = Thread.ofPlatform().name("expected-turns").daemon().start(this::run);
  }

  @Override
  public synchronized void stop() {
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return thread != null;
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        TimeUnit.MILLISECONDS.sleep(EVERY_MS);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    try {
      prefetching.expectTurns();
    } catch (RuntimeException e) {
      log.warn("expected turns cannot be looked for", e);
    }
  }
}
