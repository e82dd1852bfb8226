package io.membrane.worker.publish;

import io.membrane.worker.batch.Follower;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Spans of what the engine does, in the traces of those who asked for it: {@code prefill chunk},
 * and {@code engine call} for what is not chunks, with the device. Thread-safe.
 */
public final class EngineSpans {

  private final @Nullable Tracer tracer;
  private volatile String device = "unknown";

  /**
   * @param tracer null if nothing is traced
   */
  public EngineSpans(@Nullable Tracer tracer) {
    this.tracer = tracer;
  }

  /** The model is loaded. */
  public void on(String engineDevice) {
    device = engineDevice;
  }

  /** Follows work of the calling thread, if its trace is sampled. */
  Follower follower() {
    Tracer traces = tracer;
    Span span = traces == null ? null : traces.currentSpan();
    if (traces == null || span == null || !Boolean.TRUE.equals(span.context().sampled())) {
      return Follower.NOBODY;
    }
    TraceContext caller = span.context();
    return (tokens, prompts, nanos) -> record(traces, caller, tokens, prompts, nanos);
  }

  private void record(Tracer traces, TraceContext caller, int tokens, int prompts, long nanos) {
    long endMicros = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
    traces
        .spanBuilder()
        .setParent(caller)
        .name(tokens > 0 ? "prefill chunk" : "engine call")
        .tag("membrane.tokens", tokens)
        .tag("membrane.prompts", prompts)
        .tag("membrane.device", device)
        .startTimestamp(endMicros - TimeUnit.NANOSECONDS.toMicros(nanos), TimeUnit.MICROSECONDS)
        .start()
        .end(endMicros, TimeUnit.MICROSECONDS);
  }
}
