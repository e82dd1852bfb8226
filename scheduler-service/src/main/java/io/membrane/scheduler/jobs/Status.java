package io.membrane.scheduler.jobs;

/** Where a job is in its life. */
public enum Status {
  QUEUED(false),
  RUNNING(false),
  DONE(true),
  FAILED(true),
  CANCELLED(true);

  private final boolean ended;

  Status(boolean ended) {
    this.ended = ended;
  }

  /** Whether nothing changes any more. */
  public boolean hasEnded() {
    return ended;
  }
}
