package io.membrane.system;

import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Receives spans by OTLP over HTTP and keeps them. */
final class TraceCollector implements AutoCloseable {

  /** A span and the service that it comes from. */
  record Seen(String service, Span span) {

    String id() {
      return hex(span.getSpanId().toByteArray());
    }

    String parent() {
      return hex(span.getParentSpanId().toByteArray());
    }

    String trace() {
      return hex(span.getTraceId().toByteArray());
    }

    boolean hasAttribute(String key) {
      return span.getAttributesList().stream().anyMatch(each -> each.getKey().equals(key));
    }

    private static String hex(byte[] bytes) {
      return HexFormat.of().formatHex(bytes);
    }
  }

  private final HttpServer http;
  private final List<Seen> spans = new CopyOnWriteArrayList<>();

  TraceCollector() {
    try {
      http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            take(exchange.getRequestBody().readAllBytes());
            exchange.sendResponseHeaders(200, -1);
          }
        });
    http.start();
  }

  String url() {
    return "http://127.0.0.1:" + http.getAddress().getPort() + "/v1/traces";
  }

  /** All that came, as text. */
  String text() {
    StringBuilder text = new StringBuilder();
    spans.forEach(seen -> text.append(seen.service()).append(' ').append(seen.span()).append('\n'));
    return text.toString();
  }

  List<Seen> trace(String id) {
    return spans.stream().filter(seen -> seen.trace().equals(id)).toList();
  }

  /**
   * Services from each span that fits up to the root of its trace, each once in a row.
   *
   * @param root id of the span that the caller names as its own
   */
  List<List<String>> ways(String trace, String root, Predicate<Seen> which) {
    List<Seen> all = trace(trace);
    return all.stream().filter(which).map(seen -> way(all, root, seen)).distinct().toList();
  }

  private static List<String> way(List<Seen> all, String root, Seen from) {
    List<String> way = new ArrayList<>();
    Optional<Seen> at = Optional.of(from);
    while (at.isPresent()) {
      Seen seen = at.get();
      if (way.isEmpty() || !way.getLast().equals(seen.service())) {
        way.add(seen.service());
      }
      if (seen.parent().equals(root)) {
        way.add("caller");
      }
      at = all.stream().filter(each -> each.id().equals(seen.parent())).findFirst();
    }
    return way;
  }

  private void take(byte[] body) {
    try {
      for (ResourceSpans each : ExportTraceServiceRequest.parseFrom(body).getResourceSpansList()) {
        String service = service(each);
        each.getScopeSpansList()
            .forEach(
                scope -> scope.getSpansList().forEach(span -> spans.add(new Seen(service, span))));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String service(ResourceSpans spans) {
    return spans.getResource().getAttributesList().stream()
        .filter(attribute -> attribute.getKey().equals("service.name"))
        .map(KeyValue::getValue)
        .map(value -> value.getStringValue())
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
