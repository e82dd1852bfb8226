package io.membrane.scheduler.jobs;

import io.membrane.rpc.MembraneException;
import java.time.Clock;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job of this replica. Thread-safe. */
final class Job implements Runnable, Work.Progress {

  private static final Logger log = LoggerFactory.getLogger(Job.class);

  private final String tenant;
  private final String id;
  private final Work work;
  private final Clock clock;
  private final Runnable atEnd;
  private final long submittedAtMs;
  private Status status = Status.QUEUED;
  private double progress;
  private @Nullable Long startedAtMs;
  private @Nullable Long endedAtMs;
  private @Nullable String reason;
  private @Nullable String result;
  private volatile @Nullable Stop stop;

  /** Why a job is to stop, and what it becomes by that. */
  private record Stop(Status status, String reason) {}

  /**
   * @param atEnd run once, before anybody can see that the job has ended; must not block
   */
  Job(String tenant, String id, Work work, Clock clock, Runnable atEnd) {
    this.tenant = tenant;
    this.id = id;
    this.work = work;
    this.clock = clock;
    this.atEnd = atEnd;
    this.submittedAtMs = clock.millis();
  }

  String tenant() {
    return tenant;
  }

  String id() {
    return id;
  }

  synchronized JobState state() {
    return new JobState(id, status, progress, submittedAtMs, startedAtMs, endedAtMs, reason);
  }

  /** JSON, once the job is done. */
  synchronized @Nullable String result() {
    return result;
  }

  @Override
  public void run() {
    if (!begins()) {
      return;
    }
    try {
      String json = work.run(this);
      end(Status.DONE, null, json);
    } catch (CancellationException e) {
      end(Status.CANCELLED, "the work stopped by itself", null);
    } catch (MembraneException e) {
      end(Status.FAILED, e.detail(), null);
    } catch (Exception | Error e) {
      log.error("job {} failed", id, e);
      end(Status.FAILED, "an error that should not happen; the log has it", null);
    }
  }

  /** Ends it if it has not started, and has it end soon if it has. */
  void stop(Status as, String why) {
    stop = new Stop(as, why);
    if (begins()) {
      end(as, why, null);
    }
  }

  private synchronized boolean begins() {
    if (status != Status.QUEUED) {
      return false;
    }
    status = Status.RUNNING;
    startedAtMs = stop == null ? clock.millis() : null;
    return true;
  }

  private synchronized void end(Status as, @Nullable String why, @Nullable String json) {
    if (status.hasEnded()) {
      return;
    }
    Stop asked = stop;
    status = asked == null ? as : asked.status();
    reason = asked == null ? why : asked.reason();
    result = status == Status.DONE ? json : null;
    progress = status == Status.DONE ? 1 : progress;
    endedAtMs = clock.millis();
    atEnd.run();
  }

  @Override
  public synchronized void report(double share) {
    if (share > progress) {
      progress = Math.min(1, share);
    }
  }

  @Override
  public boolean isCancelled() {
    return stop != null;
  }
}
