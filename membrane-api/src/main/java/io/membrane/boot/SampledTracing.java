package io.membrane.boot;

import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.tracing.TraceContext;
import io.lettuce.core.tracing.TraceContextProvider;
import io.lettuce.core.tracing.Tracer;
import io.lettuce.core.tracing.TracerProvider;
import io.lettuce.core.tracing.Tracing;
import java.net.SocketAddress;
import java.util.function.BooleanSupplier;

/**
 * Follows the Redis commands of sampled traces alone. An observation of every command costs about
 * as much as the command does.
 */
final class SampledTracing implements Tracing {

  private final Tracing traces;
  private final BooleanSupplier isSampled;
  private final Tracer tracer = new SomeSpans();

  /**
   * @param traces what follows commands
   * @param isSampled whether what the calling thread does belongs to a sampled trace
   */
  SampledTracing(Tracing traces, BooleanSupplier isSampled) {
    this.traces = traces;
    this.isSampled = isSampled;
  }

  @Override
  public TracerProvider getTracerProvider() {
    return () -> tracer;
  }

  /** Asked by the thread that sends a command. */
  @Override
  public TraceContextProvider initialTraceContextProvider() {
    return () ->
        isSampled.getAsBoolean()
            ? traces.initialTraceContextProvider().getTraceContext()
            : TraceContext.EMPTY;
  }

  @Override
  public boolean isEnabled() {
    return true;
  }

  @Override
  public boolean includeCommandArgsInSpanTags() {
    return false;
  }

  @Override
  public Endpoint createEndpoint(SocketAddress address) {
    return traces.createEndpoint(address);
  }

  private final class SomeSpans extends Tracer {

    @Override
    public Span nextSpan() {
      return NoSpan.INSTANCE;
    }

    @Override
    public Span nextSpan(TraceContext context) {
      return TraceContext.EMPTY.equals(context)
          ? NoSpan.INSTANCE
          : traces.getTracerProvider().getTracer().nextSpan(context);
    }
  }

  private static final class NoSpan extends Tracer.Span {

    private static final NoSpan INSTANCE = new NoSpan();

    @Override
    public Tracer.Span start(RedisCommand<?, ?, ?> command) {
      return this;
    }

    @Override
    public Tracer.Span name(String name) {
      return this;
    }

    @Override
    public Tracer.Span annotate(String value) {
      return this;
    }

    @Override
    public Tracer.Span tag(String key, String value) {
      return this;
    }

    @Override
    public Tracer.Span error(Throwable throwable) {
      return this;
    }

    @Override
    public Tracer.Span remoteEndpoint(Tracing.Endpoint endpoint) {
      return this;
    }

    @Override
    public void finish() {}
  }
}
