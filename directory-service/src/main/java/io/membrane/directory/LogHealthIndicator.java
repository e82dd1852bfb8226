package io.membrane.directory;

import io.membrane.directory.feed.LogTail;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up while the image holds all that the log holds, be it doubtful or not. */
final class LogHealthIndicator extends AbstractHealthIndicator {

  private final LogTail tail;

  LogHealthIndicator(LogTail tail) {
    this.tail = tail;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    (tail.isCaughtUp() ? health.up() : health.outOfService())
        .withDetail("position", tail.position().toString())
        .withDetail("doubtful", tail.isDoubtful());
  }
}
