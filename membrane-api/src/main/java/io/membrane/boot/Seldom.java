package io.membrane.boot;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Lets one of many pass in ten seconds, so that who is refused does not fill the log. */
final class Seldom {

  private static final long EVERY_NANOS = Duration.ofSeconds(10).toNanos();

  private final AtomicLong lastNanos = new AtomicLong(System.nanoTime() - EVERY_NANOS);

  boolean isDue() {
    long now = System.nanoTime();
    long last = lastNanos.get();
    return now - last >= EVERY_NANOS && lastNanos.compareAndSet(last, now);
  }
}
