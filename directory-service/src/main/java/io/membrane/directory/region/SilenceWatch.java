package io.membrane.directory.region;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes a body that is silent for too long, so that whoever reads it does not wait for ever. */
public final class SilenceWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SilenceWatch.class);

  private final Thread thread;

  /**
   * Watches a body until this is closed.
   *
   * @param isSilent whether the body has been silent for too long
   * @param between time from one look to the next
   */
  public SilenceWatch(Closeable body, BooleanSupplier isSilent, Duration between) {
    thread = Thread.startVirtualThread(() -> watch(body, isSilent, between));
  }

  private static void watch(Closeable body, BooleanSupplier isSilent, Duration between) {
    try {
      while (!isSilent.getAsBoolean()) {
        Thread.sleep(between);
      }
      body.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      log.debug("what was silent has ended already", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
