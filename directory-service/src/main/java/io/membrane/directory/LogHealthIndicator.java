package io.membrane.directory;

import io.membrane.directory.feed.LogTail;
import io.membrane.directory.relist.Relister;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up while the image holds all that the log holds, be it doubtful or not. */
final class LogHealthIndicator extends AbstractHealthIndicator {

  private final LogTail tail;
  private final Relister relister;

  LogHealthIndicator(LogTail tail, Relister relister) {
    this.tail = tail;
    this.relister = relister;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    (tail.isCaughtUp() ? health.up() : health.outOfService())
        .withDetail("position", tail.position().toString())
        .withDetail("doubtful", tail.isDoubtful())
        .withDetail("store_doubtful", tail.lostEntries());
    String problem = relister.problem();
    if (problem != null) {
      health.withDetail("relist_problem", problem);
    }
  }
}
