package io.membrane.boot;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * One span for the commands of one name that are under way for the same caller at the same time, so
 * that a read of a thousand keys is not a thousand spans. Thread-safe.
 */
final class RedisBatches {

  /** Commands that share a span. */
  record Batch(String parent, String command) {}

  private static final class Running {
    final Span span;
    long commands;
    long underWay;

    Running(Span span) {
      this.span = span;
    }
  }

  private final Tracer tracer;
  private final ConcurrentMap<Batch, Running> running = new ConcurrentHashMap<>();

  RedisBatches(Tracer tracer) {
    this.tracer = tracer;
  }

  /** What the calling thread does, if its trace is sampled. */
  @Nullable TraceContext caller() {
    Span span = tracer.currentSpan();
    return span != null && Boolean.TRUE.equals(span.context().sampled()) ? span.context() : null;
  }

  /** A command has been sent. */
  Batch begin(TraceContext caller, String command, @Nullable SocketAddress server) {
    Batch batch = new Batch(caller.spanId(), command);
    running.compute(
        batch,
        (_, known) -> {
          Running joined = known == null ? new Running(start(caller, command, server)) : known;
          joined.commands++;
          joined.underWay++;
          return joined;
        });
    return batch;
  }

  private Span start(TraceContext caller, String command, @Nullable SocketAddress server) {
    Span.Builder span =
        tracer
            .spanBuilder()
            .setParent(caller)
            .kind(Span.Kind.CLIENT)
            .name("redis " + command.toLowerCase(Locale.ROOT))
            .tag("db.system", "redis")
            .tag("db.operation", command);
    if (server instanceof InetSocketAddress inet) {
      span.remoteIpAndPort(inet.getHostString(), inet.getPort());
    }
    return span.start();
  }

  /** A command of the batch was answered, or never will be. */
  void end(Batch batch, boolean failed) {
    running.computeIfPresent(
        batch,
        (_, known) -> {
          if (failed) {
            known.span.tag("error", "true");
          }
          known.underWay--;
          if (known.underWay > 0) {
            return known;
          }
          known.span.tag("redis.commands", known.commands);
          known.span.end();
          return null;
        });
  }
}
