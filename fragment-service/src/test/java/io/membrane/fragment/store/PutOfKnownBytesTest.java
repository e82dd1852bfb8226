package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Whoever puts bytes that another tenant has waits for as much as if nobody had them: what is
 * waited for is counted, since a measured time would show only large differences.
 */
class PutOfKnownBytesTest extends StoreOnRedis {

  private static final Pattern CALLS = Pattern.compile("cmdstat_(\\w+):calls=(\\d+)");
  private static final Pattern RECEIVED = Pattern.compile("total_net_input_bytes:(\\d+)");

  private final RedisProcess process = RedisProcess.embedded();

  @Override
  String[] properties() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @Test
  void sendsAsManyBytesAndWaitsForAsManyScriptsAsAPutOfNewOnes() {
    byte[] known = Seeds.bytes(random, 300_000);
    byte[] unknown = Seeds.bytes(random, 300_000);
    put("somebody", key(), meta(null, false), null, known);
    put("curious", key(), meta(null, false), null, Seeds.bytes(random, 300_000));

    Map<String, Long> ofNew = costOfPut(unknown);
    Map<String, Long> ofKnown = costOfPut(known);

    long received = ofNew.getOrDefault("received", 0L);
    assertThat(received).isGreaterThan(300_000);
    assertThat(ofKnown.get("received")).isBetween(received - 1000, received + 1000);
    assertThat(ofKnown.get("evalsha")).isEqualTo(ofNew.get("evalsha")).isOne();
  }

  /** Commands by name, and bytes that Redis received. */
  private Map<String, Long> costOfPut(byte[] body) {
    Map<String, Long> before = counts();
    put("curious", key(), meta(null, false), null, body);
    Map<String, Long> cost = counts();
    before.forEach((name, count) -> cost.merge(name, -count, Long::sum));
    return cost;
  }

  private Map<String, Long> counts() {
    Map<String, Long> counts = new HashMap<>();
    Matcher call = CALLS.matcher(redis.info("commandstats"));
    while (call.find()) {
      counts.put(call.group(1), Long.valueOf(call.group(2)));
    }
    Matcher received = RECEIVED.matcher(redis.info("stats"));
    assertThat(received.find()).isTrue();
    counts.put("received", Long.valueOf(received.group(1)));
    return counts;
  }
}
