package io.membrane.scheduler;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.jobs.JobState;
import io.membrane.scheduler.jobs.Jobs;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what becomes of a job as server-sent events (WHATWG HTML, section 9.2) until it has ended,
 * whichever replica runs it. Thread-safe; each stream takes its caller's thread.
 */
final class SimulationEvents implements AutoCloseable {

  /** How many streams a replica has open. */
  static final int MOST_STREAMS = 64;

  private static final Logger log = LoggerFactory.getLogger(SimulationEvents.class);

  private static final Duration POLL = Duration.ofMillis(250);

  /** Shows those in between and on the other side that the stream is alive. */
  private static final Duration ALIVE_EACH = Duration.ofSeconds(10);

  /** How long Redis may not answer, or not know the job, before the stream ends. */
  private static final Duration BLIND_AT_MOST = Duration.ofSeconds(30);

  private final Jobs jobs;
  private final Semaphore streams = new Semaphore(MOST_STREAMS);
  private final CountDownLatch closing = new CountDownLatch(1);

  SimulationEvents(Jobs jobs) {
    this.jobs = jobs;
  }

  /**
   * Returns when the job has ended, the caller has left, or this replica shuts down.
   *
   * @param now the current state, sent at once
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there are too many streams
   */
  void follow(String tenant, JobState now, HttpServletResponse response) {
    if (!streams.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "%d streams of events are open; try again, or GET the simulation now and then"
              .formatted(MOST_STREAMS));
    }
    response.setContentType("text/event-stream;charset=UTF-8");
    response.setHeader("Cache-Control", "no-cache");
    response.setHeader("X-Accel-Buffering", "no");
    try {
      send(tenant, now, response.getOutputStream());
    } catch (IOException e) {
      log.debug("a follower of {} has left", now.id(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      streams.release();
    }
  }

  /** Ends all streams; callers reconnect to another replica. */
  @Override
  public void close() {
    closing.countDown();
  }

  private void send(String tenant, JobState first, OutputStream out)
      throws IOException, InterruptedException {
    JobState sent = first;
    event(out, sent);
    long lastSent = System.nanoTime();
    long lastSeen = lastSent;
    while (!sent.status().hasEnded() && !closing.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
      JobState now = poll(tenant, sent.id());
      long time = System.nanoTime();
      if (now != null) {
        lastSeen = time;
      } else if (time - lastSeen > BLIND_AT_MOST.toNanos()) {
        return;
      }
      if (now != null && !now.equals(sent)) {
        event(out, now);
        sent = now;
        lastSent = time;
      } else if (time - lastSent > ALIVE_EACH.toNanos()) {
        write(out, ": still here\n\n");
        lastSent = time;
      }
    }
  }

  /** Null if Redis does not answer, or has lost the job, which its replica writes again. */
  private @Nullable JobState poll(String tenant, String id) {
    try {
      return jobs.find(tenant, id).orElse(null);
    } catch (MembraneException e) {
      log.debug("the state of {} cannot be read", id, e);
      return null;
    }
  }

  private static void event(OutputStream out, JobState state) throws IOException {
    String name =
        state.status().hasEnded() ? state.status().name().toLowerCase(Locale.ROOT) : "progress";
    String data = WireJson.mapper().writeValueAsString(SimulationView.of(state));
    write(out, "event: " + name + "\ndata: " + data + "\n\n");
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
