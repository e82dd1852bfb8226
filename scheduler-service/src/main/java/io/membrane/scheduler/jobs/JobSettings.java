package io.membrane.scheduler.jobs;

import java.time.Duration;

/**
 * Times of jobs.
 *
 * @param tick how often a replica writes its jobs' progress and looks whether they are cancelled
 * @param goneAfter without a sign of life a job's replica is taken for gone
 * @param stopWithin how long a shutdown waits for the running job to stop
 */
public record JobSettings(Duration tick, Duration goneAfter, Duration stopWithin) {

  /** Four ticks a second; gone after 10 s. */
  public static final JobSettings DEFAULT =
      new JobSettings(Duration.ofMillis(250), Duration.ofSeconds(10), Duration.ofSeconds(3));
}
