package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TraceParentTest {

  @Test
  void aCallByAnotherClientBelongsToTheThreadsTrace() {
    assertThat(headers(Sampler.alwaysOn()).get("traceparent"))
        .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
  }

  @Test
  void whatIsNotSampledIsNotSampledThereEither() {
    assertThat(headers(Sampler.alwaysOff()).get("traceparent")).endsWith("-00");
  }

  @Test
  void withoutATraceThereIsNoHeader() {
    Map<String, String> headers = new HashMap<>();
    TraceParent.to(headers::put);
    assertThat(headers).isEmpty();
  }

  private static Map<String, String> headers(Sampler sampler) {
    Map<String, String> headers = new HashMap<>();
    try (SdkTracerProvider provider = SdkTracerProvider.builder().setSampler(sampler).build()) {
      Tracer tracer = new OtelTracer(provider.get("test"), new OtelCurrentTraceContext(), _ -> {});
      ObservationRegistry observations = ObservationRegistry.create();
      observations
          .observationConfig()
          .observationHandler(new DefaultTracingObservationHandler(tracer));
      Observation.createNotStarted("call", observations)
          .observe(() -> TraceParent.to(headers::put));
    }
    return headers;
  }
}
