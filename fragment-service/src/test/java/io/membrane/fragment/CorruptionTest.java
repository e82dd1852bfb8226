package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.rpc.Frame;
import io.membrane.wire.LogEntry;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Bytes that changed in Redis are a miss and an alarm, never data. Nothing is kept in memory. */
@TestPropertySource(properties = "membrane.fragment.memory=0B")
class CorruptionTest extends RunningService {

  private final Random random = new Random(17);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 10_000);
  private double before;

  @Autowired private MeterRegistry meters;

  @BeforeEach
  void store() throws IOException {
    http.put(key, body);
    before = corrupt();
  }

  @Test
  void aFlippedBitIsAMissAndTheFragmentCanBeStoredAgain() throws IOException {
    byte[] flipped = body.clone();
    flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
    redis.set(onlyBody(), flipped);
    isAMissAndCanBeStoredAgain();
  }

  @Test
  void aTruncatedBodyIsAMissAndTheFragmentCanBeStoredAgain() throws IOException {
    redis.set(onlyBody(), Arrays.copyOf(body, body.length - 1));
    isAMissAndCanBeStoredAgain();
  }

  @Test
  void aRangeOfDamagedBytesIsAMissToo() throws IOException {
    byte[] flipped = body.clone();
    flipped[9_999] ^= 1;
    redis.set(onlyBody(), flipped);
    assertThat(http.get(key, "Range", "bytes=0-9").statusCode()).isEqualTo(404);
    assertThat(corrupt()).isEqualTo(before + 1);
  }

  @Test
  void inABatchOnlyTheDamagedFragmentIsMissing() throws IOException {
    redis.set(onlyBody(), new byte[body.length]);
    FragmentKey other = FragmentHttp.key(random);
    http.put(other, bytes("other bytes"));
    assertThat(http.batchGet(List.of(other, key, other)))
        .extracting(Frame::status)
        .containsExactly(200, 404, 200);
    assertThat(corrupt()).isEqualTo(before + 1);
  }

  @Test
  void aPutOverDamagedBytesMakesThemWholeWithoutAReadBefore() throws IOException {
    redis.set(onlyBody(), bytes("damaged"));
    assertThat(http.put(key, body).statusCode()).isEqualTo(200);
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void aPutIsAnnouncedAgainWhenTheLogHasLostItsEntry() throws IOException {
    redis.del(bytes(LogEntry.STREAM));
    assertThat(http.put(key, body).statusCode()).isEqualTo(200);
    assertThat(redis.xlen(bytes(LogEntry.STREAM))).isEqualTo(1);
    assertThat(http.put(key, body).statusCode()).isEqualTo(200);
    assertThat(redis.xlen(bytes(LogEntry.STREAM))).isEqualTo(1);
  }

  private void isAMissAndCanBeStoredAgain() throws IOException {
    assertThat(http.get(key).statusCode()).isEqualTo(404);
    assertThat(code(http.get(key))).isEqualTo("fragment_not_found");
    assertThat(corrupt()).isEqualTo(before + 1);
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  private double corrupt() {
    return meters.get(FragmentMetric.CORRUPT.meter()).counter().count();
  }
}
