package io.membrane.boot;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;

/**
 * The first step of an orderly end, before any part of the service stops: for a while it is not
 * ready, as Spring Boot says it to whoever asks, and answers all the same, so that callers go
 * elsewhere before the port is closed. Then the web server ends what is under way ({@code
 * server.shutdown=graceful}).
 */
public final class Draining implements ApplicationListener<ContextClosedEvent>, Ordered {

  private static final Logger log = LoggerFactory.getLogger(Draining.class);

  private final Duration time;
  private final ApplicationContext context;
  private volatile boolean draining;

  /**
   * @param time how long; zero: not at all
   */
  Draining(Duration time, ApplicationContext context) {
    this.time = time;
    this.context = context;
  }

  /** Whether connections are to be given up with their next answer. */
  public boolean isDraining() {
    return draining;
  }

  @Override
  public void onApplicationEvent(ContextClosedEvent event) {
    if (time.isZero() || draining || !event.getApplicationContext().equals(context)) {
      return;
    }
    draining = true;
    log.info("not ready any more; the port is open for {} ms yet", time.toMillis());
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Before the listeners that stop anything, such as the one of the management port. */
  @Override
  public int getOrder() {
    return HIGHEST_PRECEDENCE;
  }
}
