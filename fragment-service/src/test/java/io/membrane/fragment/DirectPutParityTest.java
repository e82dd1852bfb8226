package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.rpc.CallContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.TestConfiguration;

/** A put is answered the same whether it is traced or not, status for status, header for header. */
class DirectPutParityTest extends RunningService {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SAMPLED = "00-" + TRACE + "-00f067aa0ba902b7-01";
  private static final String UNSAMPLED = "00-" + TRACE + "-00f067aa0ba902b7-00";

  /** Spans of Redis commands that ended. */
  @TestConfiguration(proxyBeanMethods = false)
  static class RedisSpanCount implements SpanProcessor {

    static final LongAdder ENDED = new LongAdder();

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
      return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
      if (span.getName().startsWith("redis ")) {
        ENDED.increment();
      }
    }

    @Override
    public boolean isEndRequired() {
      return true;
    }
  }

  private final Random random = new Random(41);
  private final byte[] body = Seeds.bytes(random, 100_000);

  @Autowired private MeterRegistry meters;

  @Test
  void everyAnswerIsTheSameOnBothWays() throws IOException {
    List<List<String>> puts =
        List.of(
            List.of(),
            List.of("Membrane-Ttl", "5"),
            List.of("Membrane-Ttl", "never"),
            List.of("Membrane-Pin", "true"),
            List.of("Prefer", "respond-async"),
            List.of("Prefer", "handling=lenient"),
            List.of("Content-Encoding", "identity"),
            List.of("Content-Encoding", "zstd"),
            List.of("Content-Encoding", "gzip"),
            List.of("Content-Range", "bytes 0-9/10"),
            List.of("Repr-Digest", "sha-256=:" + "A".repeat(43) + "=:"),
            List.of("Repr-Digest", "md5"),
            List.of(CallContext.TENANT_HEADER, "somebody"),
            List.of(CallContext.TENANT_HEADER, "no body"),
            List.of(CallContext.DEADLINE_HEADER, "60000"),
            List.of(CallContext.DEADLINE_HEADER, "0"),
            List.of("Membrane-Signature", "{}"));
    for (List<String> headers : puts) {
      FragmentKey key = FragmentHttp.key(random);
      FragmentKey other = FragmentHttp.key(random);
      isTheSame(put(key, UNSAMPLED, body, headers), put(other, SAMPLED, body, headers));
      isTheSame(put(key, UNSAMPLED, body, headers), put(other, SAMPLED, body, headers));
      byte[] otherBody = Seeds.bytes(random, 10);
      isTheSame(put(key, UNSAMPLED, otherBody, headers), put(other, SAMPLED, otherBody, headers));
    }
    byte[] tooLarge = new byte[MAX_BYTES + 1];
    isTheSame(
        put(FragmentHttp.key(random), UNSAMPLED, tooLarge, List.of()),
        put(FragmentHttp.key(random), SAMPLED, tooLarge, List.of()));
  }

  @Test
  void errorsTellTheCallersTrace() throws IOException {
    HttpResponse<byte[]> refused =
        put(FragmentHttp.key(random), UNSAMPLED, body, List.of("Membrane-Ttl", "0"));
    assertThat(FragmentHttp.json(refused).path("trace_id").asString()).isEqualTo(TRACE);
  }

  @Test
  void aSampledPutIsObservedAndAnyOtherIsOnlyTimed() throws IOException {
    long direct = direct();
    long observed = observed();
    long followed = redisCommandsFollowed();
    put(FragmentHttp.key(random), UNSAMPLED, body, List.of());
    http.put(FragmentHttp.key(random), body);
    assertThat(direct()).isEqualTo(direct + 2);
    assertThat(observed()).isEqualTo(observed);
    assertThat(redisCommandsFollowed()).isEqualTo(followed);
    put(FragmentHttp.key(random), SAMPLED, body, List.of());
    Awaitility.await().until(() -> observed() == observed + 1);
    Awaitility.await().until(() -> redisCommandsFollowed() >= followed + 2);
    assertThat(direct()).isEqualTo(direct + 2);
  }

  private long direct() {
    return meters.get(FragmentMetric.DIRECT_PUTS.meter()).timer().count();
  }

  private long observed() {
    return meters.find("http.server.requests").tag("status", "201").timers().stream()
        .mapToLong(timer -> timer.count())
        .sum();
  }

  private static long redisCommandsFollowed() {
    return RedisSpanCount.ENDED.sum();
  }

  private HttpResponse<byte[]> put(
      FragmentKey key, String trace, byte[] bytes, List<String> headers) throws IOException {
    List<String> all = new ArrayList<>(headers);
    all.addAll(List.of("traceparent", trace));
    return http.put(key, bytes, all.toArray(String[]::new));
  }

  private static void isTheSame(HttpResponse<byte[]> direct, HttpResponse<byte[]> observed) {
    assertThat(direct.statusCode()).isEqualTo(observed.statusCode());
    assertThat(known(direct)).isEqualTo(known(observed));
    if (direct.statusCode() >= 400) {
      assertThat(FragmentHttp.json(direct)).isEqualTo(FragmentHttp.json(observed));
    }
  }

  /** Without what differs from call to call. */
  private static Map<String, List<String>> known(HttpResponse<byte[]> answer) {
    Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
    headers.remove("date");
    headers.computeIfPresent("membrane-log-position", (name, position) -> List.of("some"));
    return headers;
  }
}
