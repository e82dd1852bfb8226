package io.membrane.worker;

import io.membrane.worker.batch.ComputeLane;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * The end of a worker: readiness goes down and new prompts are refused while those that were taken
 * in end, for {@code spring.lifecycle.timeout-per-shutdown-phase} at most. Only then is the port
 * closed, so that whoever has not heard yet gets an answer.
 */
final class Drain implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Drain.class);

  private final ComputeLane<?> lane;
  private final ApplicationContext context;
  private volatile boolean running;
  private volatile boolean stopped;

  Drain(ComputeLane<?> lane, ApplicationContext context) {
    this.lane = lane;
    this.context = context;
  }

  /** After a stop, prompts are taken in again. */
  @Override
  public void start() {
    running = true;
    if (stopped) {
      stopped = false;
      lane.resume();
      AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
    }
  }

  @Override
  public void stop(Runnable callback) {
    stopped = true;
    AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
    log.info("no more prompts are taken in, {} wait", lane.waiting());
    CompletableFuture<Void> _ =
        lane.drain()
            .thenRun(() -> {
              running = false;
              callback.run();
            });
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Before the web server's. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}
