package io.membrane.boot;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.DelegatingSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Exports spans without what may quote a request: messages and stack traces of exceptions, and URLs
 * as they came. The route and the type of an exception stay. Thread-safe.
 */
final class BareSpans implements SpanExporter {

  private static final Set<String> QUOTING =
      Set.of("http.url", "exception.message", "exception.stacktrace");

  private final SpanExporter exporter;

  BareSpans(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    return exporter.export(spans.stream().<SpanData>map(BareSpan::new).toList());
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }

  private static Attributes bare(Attributes attributes) {
    return attributes.toBuilder().removeIf(key -> QUOTING.contains(key.getKey())).build();
  }

  private static final class BareSpan extends DelegatingSpanData {

    private final Attributes attributes;
    private final List<EventData> events;
    private final StatusData status;

    BareSpan(SpanData span) {
      super(span);
      this.attributes = bare(span.getAttributes());
      this.events =
          span.getEvents().stream()
              .map(event ->
                  EventData.create(
                      event.getEpochNanos(), event.getName(), bare(event.getAttributes())))
              .toList();
      this.status = StatusData.create(span.getStatus().getStatusCode(), "");
    }

    @Override
    public Attributes getAttributes() {
      return attributes;
    }

    @Override
    public List<EventData> getEvents() {
      return events;
    }

    @Override
    public StatusData getStatus() {
      return status;
    }
  }
}
