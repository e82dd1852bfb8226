package io.membrane.worker.publish;

import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.Follower;
import io.membrane.worker.batch.Stepped;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** Figures and spans of the lane. Thread-safe. */
public final class LaneMetrics implements Stepped {

  private final MeterRegistry meters;
  private final EngineSpans spans;
  private final Timer chunk;
  private final DistributionSummary batch;

  public LaneMetrics(MeterRegistry meters, EngineSpans spans) {
    this.meters = meters;
    this.spans = spans;
    this.chunk = meters.timer(WorkerMetric.CHUNK.metric());
    this.batch = meters.summary(WorkerMetric.BATCH.metric());
  }

  /** Shows what waits in a lane. */
  public void show(ComputeLane<?> lane) {
    Gauge.builder(WorkerMetric.QUEUE.metric(), lane, ComputeLane::waiting).register(meters);
    Gauge.builder(WorkerMetric.QUEUE_TOKENS.metric(), lane, ComputeLane::waitingTokens)
        .register(meters);
    Gauge.builder(WorkerMetric.QUEUE_AGE.metric(), lane, ComputeLane::waitingSeconds)
        .register(meters);
  }

  @Override
  public void stepped(int prompts, long nanos) {
    chunk.record(nanos, TimeUnit.NANOSECONDS);
    batch.record(prompts);
  }

  @Override
  public Follower follower() {
    return spans.follower();
  }
}
