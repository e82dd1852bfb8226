package io.membrane.fragment;

import io.membrane.boot.KeptSpans;
import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** One fragment-service of several, and the spans that it exports. */
final class TracedNode implements AutoCloseable {

  private final KeptSpans spans = new KeptSpans();
  private final ConfigurableApplicationContext context;
  final String id;
  final FragmentHttp http;

  TracedNode(String id, String redis, int directoryPort) {
    SpringApplication application = new SpringApplication(FragmentApplication.class);
    application.addInitializers(
        starting -> starting.getBeanFactory().registerSingleton("exportedSpans", spans));
    this.id = id;
    this.context =
        application.run(
            "--server.address=127.0.0.1",
            "--server.port=0",
            "--spring.data.redis.url=" + redis,
            "--spring.main.banner-mode=off",
            "--management.opentelemetry.tracing.export.schedule-delay=50ms",
            "--membrane.client.peers.directory-service=http://127.0.0.1:" + directoryPort,
            "--membrane.fragment.instance=" + id,
            "--membrane.fragment.max-bytes=1MB",
            "--membrane.fragment.max-in-flight=8MB",
            "--membrane.fragment.memory=16MB",
            "--membrane.fragment.membrain.port=-1");
    this.http =
        new FragmentHttp(
            Integer.parseInt(
                Objects.requireNonNull(context.getEnvironment().getProperty("local.server.port"))));
  }

  /** Spans of a trace that it has exported. */
  List<SpanData> spans(String trace, SpanKind kind) {
    return spans.all().stream()
        .filter(span -> span.getTraceId().equals(trace) && span.getKind() == kind)
        .toList();
  }

  /** Live nodes as this one knows them, itself included. */
  int known() {
    return (int) meters().get(FragmentMetric.NODES.meter()).gauge().value();
  }

  MeterRegistry meters() {
    return context.getBean(MeterRegistry.class);
  }

  @Override
  public void close() {
    context.close();
  }
}
