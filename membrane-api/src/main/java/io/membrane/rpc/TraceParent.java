package io.membrane.rpc;

import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.handler.TracingObservationHandler.TracingContext;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The trace of what a thread does, for calls by clients that know nothing of traces. */
public final class TraceParent {

  /** Header: W3C Trace Context, section 3.2. */
  public static final String HEADER = "traceparent";

  private TraceParent() {}

  /** Hands the header's name and value to {@code request}, if the calling thread has a trace. */
  public static void to(BiConsumer<String, String> request) {
    Observation observation = ObservationThreadLocalAccessor.getInstance().getValue();
    TracingContext tracing =
        observation == null ? null : observation.getContextView().get(TracingContext.class);
    Span span = tracing == null ? null : tracing.getSpan();
    if (span != null) {
      request.accept(HEADER, value(span.context()));
    }
  }

  private static String value(TraceContext span) {
    return "00-%s-%s-%s".formatted(span.traceId(), span.spanId(), flags(span.sampled()));
  }

  private static String flags(@Nullable Boolean sampled) {
    return Boolean.TRUE.equals(sampled) ? "01" : "00";
  }
}
