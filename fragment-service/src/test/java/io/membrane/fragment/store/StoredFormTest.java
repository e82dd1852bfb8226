package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.github.luben.zstd.Zstd;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.Kv;
import io.membrane.fragment.compression.Compression;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies in Redis that are compressed, or are not, or are something else by now. */
class StoredFormTest extends StoreOnRedis {

  private static final int BYTES = 40_000;

  private final RedisProcess process = RedisProcess.embedded();
  private final Random bytes = new Random(73);

  @Override
  String[] properties() {
    return process.properties();
  }

  @Override
  Compression compression() {
    return Compression.ZSTD;
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @Test
  void aBodyThatCompressesTakesLessInRedisAndIsChargedAsItIs() {
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    put(key, body);

    long stored = redis.strlen(bodyKey(key));
    assertThat(stored).isLessThan(BYTES * 7 / 8);
    assertThat(description(key).zstdBytes()).isEqualTo(stored);
    assertThat(Zstd.decompress(redis.get(bodyKey(key)), BYTES)).isEqualTo(body);
    assertThat(usage().bytes()).isEqualTo(BYTES);
    assertThat(read(key)).isEqualTo(body);
    countsAre(RedisKeys.footprint(stored));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 100, 4096, 1_000_000})
  void aBodyThatDoesNotCompressLiesThereAsItIs(int length) {
    FragmentKey key = key();
    byte[] body = Seeds.bytes(bytes, length);
    put(key, body);
    assertThat(redis.get(bodyKey(key))).isEqualTo(body);
    assertThat(description(key).zstdBytes()).isNull();
    assertThat(read(key)).isEqualTo(body);
    countsAre(RedisKeys.footprint(length));
  }

  @Test
  void aPayloadOf20MibGoesAndComes() {
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, 20 << 20);
    put(key, body);
    assertThat(read(key)).isEqualTo(body);
  }

  @Test
  void puttersWaitForRoomToCompressInAndAllAreCompressed() throws Exception {
    // Room for one form at a time.
    try (MemoryTier tight =
            new MemoryTier(0, 64 << 20, BYTES, Duration.ofSeconds(20), true, Clock.systemUTC());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      FragmentStore replica = open(tight, CAPACITY);
      List<FragmentKey> keys = Stream.generate(this::key).limit(24).toList();
      List<byte[]> bodies =
          Stream.generate(() -> Kv.bytes(bytes, BYTES)).limit(keys.size()).toList();
      List<Future<?>> puts = new ArrayList<>();
      for (int i = 0; i < keys.size(); i++) {
        FragmentKey key = keys.get(i);
        byte[] body = bodies.get(i);
        puts.add(threads.submit(() -> put(replica, key, body)));
      }
      for (int i = 0; i < keys.size(); i++) {
        puts.get(i).get();
        assertThat(description(keys.get(i)).zstdBytes()).isNotNull();
        assertThat(read(keys.get(i))).isEqualTo(bodies.get(i));
      }
      assertThat(tight.passingBytes()).isZero();
    }
  }

  @Test
  void replicasThatWriteOtherFormsReadEachOthersAndTheCountsFollow() {
    FragmentStore plain = open(memory, CAPACITY, Compression.NONE);
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    for (int round = 0; round < 6; round++) {
      boolean compresses = bytes.nextBoolean();
      put(compresses ? store : plain, key, body);
      long stored = redis.strlen(bodyKey(key));
      assertThat(stored < BYTES).isEqualTo(compresses);
      assertThat(read(store, TENANT, key)).isEqualTo(body);
      assertThat(read(plain, TENANT, key)).isEqualTo(body);
      countsAre(RedisKeys.footprint(stored));
    }
  }

  @Test
  void anEqualBodyUnderAnotherNameExchangesTheFormForBoth() {
    FragmentStore plain = open(memory, CAPACITY, Compression.NONE);
    FragmentKey first = key();
    FragmentKey second = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    put(first, body);
    put(plain, second, body);
    assertThat(description(first).zstdBytes()).isNull();
    assertThat(read(first)).isEqualTo(body);
    isConsistent();
    store.delete(TENANT, first);
    store.delete(TENANT, second);
    isConsistent();
    assertThat(number("bytes")).isZero();
  }

  @Test
  void randomPutsAndRemovalsInBothFormsLeaveTheCountsRight() {
    FragmentStore plain = open(memory, CAPACITY, Compression.NONE);
    List<FragmentKey> keys = List.of(key(), key(), key(), key(), key());
    byte[][] all = {Kv.bytes(bytes, 5000), Kv.bytes(bytes, BYTES), Seeds.bytes(bytes, 3000)};
    for (int round = 0; round < 300; round++) {
      FragmentStore one = bytes.nextBoolean() ? store : plain;
      FragmentKey key = keys.get(bytes.nextInt(keys.size()));
      if (bytes.nextInt(3) == 0) {
        one.delete(TENANT, key);
      } else {
        putOrNot(one, key, all[bytes.nextInt(all.length)]);
      }
    }
    isConsistent();
  }

  @Test
  void whoeverReadsWhileTheFormIsExchangedMissesNothing() throws Exception {
    FragmentStore plain = open(memory, CAPACITY, Compression.NONE);
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    put(key, body);
    double before = corrupt();
    AtomicBoolean ended = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> reads =
          threads.submit(() -> {
            while (!ended.get()) {
              assertThat(read(store, TENANT, key)).isEqualTo(body);
              assertThat(read(plain, TENANT, key)).isEqualTo(body);
            }
          });
      Future<?> puts =
          threads.submit(() -> {
            for (int round = 0; round < 100; round++) {
              put(round % 2 == 0 ? plain : store, key, body);
            }
          });
      try {
        puts.get();
      } finally {
        ended.set(true);
      }
      reads.get();
    }
    assertThat(corrupt()).isEqualTo(before);
    isConsistent();
  }

  @Test
  void aFlippedBitOfTheFormIsAMissAndTheFragmentCanBeStoredAgain() {
    for (int round = 0; round < 40; round++) {
      FragmentKey key = key();
      byte[] body = Kv.bytes(bytes, 5000);
      put(key, body);
      byte[] form = redis.get(bodyKey(key));
      form[bytes.nextInt(form.length)] ^= (byte) (1 << bytes.nextInt(8));
      redis.set(bodyKey(key), form);
      byte[] got = read(key);
      // A few bits mean nothing: then the bytes are the right ones all the same.
      assertThat(got == null || Arrays.equals(got, body)).isTrue();
      put(key, body);
      assertThat(read(key)).isEqualTo(body);
    }
  }

  @Test
  void whateverElseLiesThereIsAMissAndCounted() {
    byte[] body = Kv.bytes(bytes, BYTES);
    byte[] other = Kv.bytes(bytes, BYTES);
    FragmentKey key = key();
    put(key, body);
    int length = Math.toIntExact(redis.strlen(bodyKey(key)));
    byte[] form = redis.get(bodyKey(key));
    List<byte[]> lies =
        List.of(
            Arrays.copyOf(form, length - 1),
            Arrays.copyOf(form, length + 1),
            body,
            new byte[0],
            new byte[length],
            padded(Zstd.compress(new byte[100 << 20]), length),
            padded(Zstd.compress(Arrays.copyOf(body, BYTES / 2)), length),
            padded(Zstd.compress(Arrays.copyOf(other, BYTES / 2)), length));
    for (byte[] lie : lies) {
      put(key, body);
      redis.set(bodyKey(key), lie);
      double before = corrupt();
      assertThat(read(key)).isNull();
      assertThat(corrupt()).isEqualTo(before + 1);
      assertThat(isThere(key)).isFalse();
    }
    isConsistent();
  }

  /** A skippable frame makes it as long as is told. */
  private static byte[] padded(byte[] frame, int length) {
    byte[] padded = Arrays.copyOf(frame, length);
    int rest = length - frame.length - 8;
    byte[] head = {0x50, 0x2a, 0x4d, 0x18, (byte) rest, (byte) (rest >> 8), (byte) (rest >> 16), 0};
    System.arraycopy(head, 0, padded, frame.length, head.length);
    return padded;
  }

  @Test
  void swappedFormsAreMisses() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, Kv.bytes(bytes, BYTES));
    put(two, Kv.bytes(bytes, BYTES));
    contents.swap(bodyKey(one), bodyKey(two));
    assertThat(read(one)).isNull();
    assertThat(read(two)).isNull();
  }

  @Test
  void anIdThatTellsOfAnImpossibleFormIsAMiss() {
    for (String form :
        List.of("-zstd-0", "-zstd-40000", "-zstd-99999999999", "-zstd-x", "-lz4-7")) {
      FragmentKey key = key();
      byte[] body = Kv.bytes(bytes, BYTES);
      put(key, body);
      String id = new String(bodyKey(key), UTF_8).substring(RedisKeys.BODY_PREFIX.length());
      byte[] content = RedisKeys.content(description(key).digest());
      String record = new String(redis.get(content), UTF_8);
      String other = id.substring(0, id.indexOf('-')) + form;
      redis.set(content, bytes(record.substring(0, record.lastIndexOf(' ') + 1) + other));
      double before = corrupt();
      assertThat(read(key)).as(form).isNull();
      assertThat(corrupt()).isEqualTo(before + 1);
      put(key, body);
      assertThat(read(key)).isEqualTo(body);
    }
  }

  @Test
  void theFormIsHandedOutWithTheBytesWhenAskedFor() {
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    put(key, body);
    try (Fragment plain = Objects.requireNonNull(store.get(name(key)));
        Fragment both = Objects.requireNonNull(store.getWithForms(List.of(name(key))).getFirst())) {
      assertThat(plain.zstd()).isNull();
      assertThat(bytes(both)).isEqualTo(body);
      assertThat(Objects.requireNonNull(both.zstd()).length())
          .isEqualTo(both.description().zstdBytes());
    }
  }

  @Test
  void theSweepLeavesCompressedBodiesThatAreNamed() {
    FragmentKey key = key();
    byte[] body = Kv.bytes(bytes, BYTES);
    FragmentMeta meta = meta(null, true);
    put(TENANT, key, meta, null, body);
    store.housekeeping().sweep();
    assertThat(read(key)).isEqualTo(body);
  }

  @Test
  void formsOfIdsAreReadStrictly() {
    assertThat(Forms.zstdBytes("ab.1.00", 10)).isNull();
    assertThat(Forms.zstdBytes("ab.1.00-zstd-9", 10)).isEqualTo(9);
    for (String id : List.of("a-", "a-zstd", "a-zstd-", "a-zstd-+1", "a-zstd-10", "a-zstd-0")) {
      assertThatIllegalArgumentException().as(id).isThrownBy(() -> Forms.zstdBytes(id, 10));
    }
  }

  /** One name, and a body that takes so much. */
  private void countsAre(long footprint) {
    isConsistent();
    assertThat(number("bytes")).isEqualTo(footprint + RedisKeys.NAME_BYTES);
  }

  private long number(String field) {
    byte[] value = redis.hget(bytes(RedisKeys.PREFIX + "store"), bytes(field));
    return Long.parseLong(new String(value, UTF_8));
  }
}
