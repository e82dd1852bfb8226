package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class BareSpansTest {

  private final KeptSpans kept = new KeptSpans();

  @Test
  void anExceptionIsNamedAndNotQuoted() {
    SpanData span =
        exported(started ->
            started
                .recordException(new IllegalStateException("secret"))
                .setStatus(StatusCode.ERROR, "secret")
                .setAttribute("http.url", "/v1/models?key=secret")
                .setAttribute("uri", "/v1/models"));

    assertThat(span.getEvents())
        .singleElement()
        .satisfies(event ->
            assertThat(event.getAttributes().asMap())
                .containsOnlyKeys(AttributeKey.stringKey("exception.type")));
    assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(span.getStatus().getDescription()).isEmpty();
    assertThat(span.getAttributes().asMap()).containsOnlyKeys(AttributeKey.stringKey("uri"));
  }

  private SpanData exported(Consumer<Span> with) {
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(new BareSpans(kept)))
            .build()) {
      Span span = provider.get("test").spanBuilder("call").startSpan();
      with.accept(span);
      span.end();
    }
    return kept.all().getFirst();
  }
}
