package io.membrane.boot;

import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.CompleteableCommand;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.tracing.TraceContext;
import io.lettuce.core.tracing.TraceContextProvider;
import io.lettuce.core.tracing.Tracer;
import io.lettuce.core.tracing.TracerProvider;
import io.lettuce.core.tracing.Tracing;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Follows the Redis commands of sampled traces alone; following every command would cost about as
 * much as the command does. A span has the command's name and how many there were, never their
 * arguments. Thread-safe.
 */
final class RedisSpans implements Tracing {

  private record Caller(io.micrometer.tracing.TraceContext span) implements TraceContext {}

  private record Place(SocketAddress address) implements Endpoint {}

  private final RedisBatches batches;
  private final Tracer tracer = new CommandTracer();

  RedisSpans(RedisBatches batches) {
    this.batches = batches;
  }

  @Override
  public TracerProvider getTracerProvider() {
    return () -> tracer;
  }

  /** Asked by the thread that sends a command. */
  @Override
  public TraceContextProvider initialTraceContextProvider() {
    return () -> {
      io.micrometer.tracing.TraceContext caller = batches.caller();
      return caller == null ? TraceContext.EMPTY : new Caller(caller);
    };
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
    return new Place(address);
  }

  private final class CommandTracer extends Tracer {

    @Override
    public Tracer.Span nextSpan() {
      return new CommandSpan(null);
    }

    @Override
    public Tracer.Span nextSpan(TraceContext context) {
      return new CommandSpan(context instanceof Caller caller ? caller.span() : null);
    }
  }

  /** A command's part of a span; of none if it has no caller that is followed. */
  private final class CommandSpan extends Tracer.Span {

    private final io.micrometer.tracing.@Nullable TraceContext caller;
    private String command = "";
    private @Nullable SocketAddress server;

    CommandSpan(io.micrometer.tracing.@Nullable TraceContext caller) {
      this.caller = caller;
    }

    @Override
    public Tracer.Span start(RedisCommand<?, ?, ?> sent) {
      if (caller != null && sent instanceof CompleteableCommand<?> completed) {
        RedisBatches.Batch batch = batches.begin(caller, command, server);
        completed.onComplete((_, failure) -> batches.end(batch, failure != null || isError(sent)));
      }
      return this;
    }

    private static boolean isError(RedisCommand<?, ?, ?> sent) {
      CommandOutput<?, ?, ?> output = sent.getOutput();
      return output != null && output.hasError();
    }

    @Override
    public Tracer.Span name(String name) {
      command = name;
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
      server = endpoint instanceof Place place ? place.address() : null;
      return this;
    }

    @Override
    public void finish() {}
  }
}
