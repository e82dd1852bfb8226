package io.membrane.worker.publish;

import io.membrane.wire.ComputeClient.Profile;
import io.membrane.wire.ComputeClient.ProfileList;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast this worker prefills: measured by itself while it has nothing else to do, and by the
 * cold prompts that it computes. Thread-safe.
 */
public final class PrefillProfile {

  private static final Logger log = LoggerFactory.getLogger(PrefillProfile.class);

  private final ServedModel served;
  private final PrefillTimes times;

  public PrefillProfile(ServedModel served, PrefillTimes times) {
    this.served = served;
    this.times = times;
  }

  /**
   * Begins to measure.
   *
   * @param budget time in the engine for it; with none nothing is done
   */
  public void measure(ComputeLane<Prefill> lane, Duration budget) {
    if (budget.isPositive()) {
      CompletableFuture<Void> _ =
          lane.whenIdle(new ProfileWork(served, times, budget))
              .thenAccept(
                  length -> log.info("cold prefills of up to {} tokens are measured", length));
    }
  }

  /** What is known by now. */
  public ProfileList list() {
    List<ProfilePoint> points =
        times.points().stream()
            .map(point ->
                new ProfilePoint(
                    point.tokens(), point.millis(), served.model().layout().bytes(point.tokens())))
            .toList();
    return new ProfileList(
        List.of(
            new Profile(
                served.namespace().model(), served.namespace(), served.model().device(), points)));
  }
}
