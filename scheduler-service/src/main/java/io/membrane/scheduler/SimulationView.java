package io.membrane.scheduler;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.membrane.scheduler.jobs.JobState;
import io.membrane.scheduler.jobs.Status;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A simulation as it is shown. Times are Unix milliseconds.
 *
 * @param progress done share, 0 to 1
 * @param reason why it failed or was cancelled
 * @param result JSON, once it is done and was asked for alone
 */
record SimulationView(
    String simulationId,
    Status status,
    double progress,
    long submittedAtMs,
    @Nullable Long startedAtMs,
    @Nullable Long endedAtMs,
    @Nullable String reason,
    @Schema(type = "object") @JsonRawValue @Nullable String result) {

  static SimulationView of(JobState s) {
    return of(s, null);
  }

  static SimulationView of(JobState s, @Nullable String result) {
    return new SimulationView(
        s.id(),
        s.status(),
        s.progress(),
        s.submittedAtMs(),
        s.startedAtMs(),
        s.endedAtMs(),
        s.reason(),
        result);
  }
}
