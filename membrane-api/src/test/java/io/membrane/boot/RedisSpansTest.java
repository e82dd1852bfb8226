package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.membrane.fixture.RedisProcess;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RedisSpansTest {

  private static final AttributeKey<Long> COMMANDS = AttributeKey.longKey("redis.commands");

  private final KeptSpans ended = new KeptSpans();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(ended)).build();
  private final Tracer tracer =
      new OtelTracer(provider.get("test"), new OtelCurrentTraceContext(), _ -> {});
  private final RedisProcess redis = RedisProcess.embedded();
  private final ClientResources resources =
      ClientResources.builder().tracing(new RedisSpans(new RedisBatches(tracer))).build();
  private final RedisClient client = RedisClient.create(resources, redis.url());

  @AfterEach
  void stop() {
    client.shutdown();
    boolean _ = resources.shutdown().awaitUninterruptibly(10, TimeUnit.SECONDS);
    redis.close();
    provider.close();
  }

  @Test
  void commandsThatAreSentTogetherAreOneSpanWithoutTheirArguments() {
    Span caller = tracer.nextSpan().name("caller").start();
    try (StatefulRedisConnection<String, String> connection = client.connect();
        Tracer.SpanInScope _ = tracer.withSpan(caller)) {
      connection.setAutoFlushCommands(false);
      RedisFuture<?>[] reads =
          IntStream.range(0, 100)
              .mapToObj(i -> connection.async().get("secret-" + i))
              .toArray(RedisFuture[]::new);
      connection.flushCommands();
      assertThat(LettuceFutures.awaitAll(Duration.ofSeconds(10), reads)).isTrue();
    }
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(spans("redis get"))
                .singleElement()
                .satisfies(span -> {
                  assertThat(span.getAttributes().get(COMMANDS)).isEqualTo(100);
                  assertThat(span.getParentSpanId()).isEqualTo(caller.context().spanId());
                  assertThat(span.toString()).doesNotContain("secret");
                }));
    caller.end();
  }

  @Test
  void aCommandThatFailsSaysSoWithoutQuotingRedis() {
    Span caller = tracer.nextSpan().name("caller").start();
    try (StatefulRedisConnection<String, String> connection = client.connect();
        Tracer.SpanInScope _ = tracer.withSpan(caller)) {
      connection.sync().set("secret", "text");
      assertThat(
              connection
                  .async()
                  .incr("secret")
                  .handle((_, failure) -> failure)
                  .toCompletableFuture()
                  .join())
          .isNotNull();
    }
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(spans("redis incr"))
                .singleElement()
                .satisfies(span -> {
                  assertThat(span.getAttributes().get(AttributeKey.stringKey("error")))
                      .isEqualTo("true");
                  assertThat(span.toString()).doesNotContain("not an integer");
                }));
    caller.end();
  }

  @Test
  void whatNobodyFollowsHasNoSpan() {
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      connection.sync().get("key");
    }
    assertThat(ended.all()).isEmpty();
  }

  private List<SpanData> spans(String name) {
    return ended.all().stream().filter(span -> span.getName().equals(name)).toList();
  }
}
