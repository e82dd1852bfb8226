package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads that go on on another replica, are overtaken, refused, given up and forgotten. */
class ResumableUploadsTest extends StoreOnRedis {

  private static final long FIRST_PAUSE_NANOS = 1_000;
  private static final long LONGEST_PAUSE_NANOS = 200_000_000;

  private static final long MAX_BYTES = 4 << 20;
  private static final int PART = ResumableUploads.PART_BYTES;

  private final RedisProcess process = RedisProcess.embedded();

  @SuppressWarnings("NullAway.Init") // before each test
  private FragmentStore other;

  @Override
  String[] properties() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @BeforeEach
  void openReplica() {
    other = open(memory, CAPACITY);
    store.tenants().setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
    other.tenants().setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void partsOfAnySizeThroughAnyReplicaBecomeTheFragment(long seed) {
    Random seeded = new Random(seed);
    FragmentKey key = key();
    byte[] body = Seeds.bytes(seeded, 1 + seeded.nextInt(3 * PART));
    Long length = seeded.nextBoolean() ? (long) body.length : null;
    UploadWriter writer = begin(key, length, seeded.nextBoolean() ? body : null);
    String id = writer.id();
    while (writer.offset() < body.length) {
      int n = 1 + seeded.nextInt(seeded.nextBoolean() ? PART : 1000);
      append(writer, body, n);
      if (seeded.nextInt(3) == 0) {
        writer = resume(seeded.nextBoolean() ? store : other, id, writer.offset());
      }
    }

    FragmentStore.Stored stored = writer.complete(null);

    assertThat(stored.isNew()).isTrue();
    assertThat(stored.logPosition()).isEqualTo(lastPosition());
    assertThat(read(key)).isEqualTo(body);
    assertThat(usage()).isEqualTo(new Usage(body.length, 1));
    nothingIsLeftButTheFragment(key);
  }

  @Test
  void anUploadGoesOnAfterEveryPartOnTheOtherReplica() {
    byte[] body = Seeds.bytes(random, 5 * PART + 17);
    for (int before = 0; before <= 6; before++) {
      FragmentKey key = key();
      UploadWriter first = begin(key, null, null);
      for (int i = 0; i < before; i++) {
        append(first, body, PART);
      }
      UploadState known = Objects.requireNonNull(other.uploads().look(TENANT, first.id()));
      assertThat(known.progress().offset()).isEqualTo(Math.min(body.length, before * PART));
      UploadWriter second = resume(other, first.id(), known.progress().offset());
      while (second.offset() < body.length) {
        append(second, body, PART);
      }
      second.complete(ContentDigest.of(body));
      assertThat(read(key)).isEqualTo(body);
    }
    partsAreGone();
  }

  @Test
  void whoeverAsksForAnUploadEndsTheRequestThatWritesIt() {
    byte[] body = Seeds.bytes(random, 1000);
    UploadWriter first = begin(key(), null, null);
    append(first, body, 100);

    other.uploads().look(TENANT, first.id());
    assertThat(refusal(() -> append(first, body, 100))).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);

    UploadWriter second = resume(other, first.id(), 100);
    append(second, body, 200);
    assertThat(refusal(() -> first.complete(null))).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);
    assertThat(refusal(() -> append(first, body, 1))).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);
    append(second, body, 700);
    assertThat(second.complete(null).digest()).isEqualTo(ContentDigest.of(body));
    partsAreGone();
  }

  @Test
  void anOffsetThatIsNotTheUploadsIsToldTheRightOne() {
    byte[] body = Seeds.bytes(random, 1000);
    UploadWriter writer = begin(key(), 1000L, null);
    append(writer, body, 600);
    for (long wrong : new long[] {0, 599, 601, 1000}) {
      UploadState state = store.uploads().resume(TENANT, writer.id(), wrong, null);
      assertThat(state)
          .isInstanceOfSatisfying(
              UploadState.Mismatch.class,
              mismatch -> {
                assertThat(mismatch.code()).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);
                assertThat(mismatch.progress().offset()).isEqualTo(600);
              });
    }
    assertThat(store.uploads().resume(TENANT, writer.id(), 600, 1001L))
        .isInstanceOfSatisfying(
            UploadState.Mismatch.class,
            mismatch -> assertThat(mismatch.code()).isEqualTo(ErrorCode.UPLOAD_LENGTH_MISMATCH));
    assertThat(refusal(() -> resume(store, writer.id(), 600).complete(null)))
        .isEqualTo(ErrorCode.UPLOAD_LENGTH_MISMATCH);
    assertThat(store.uploads().look(TENANT, writer.id())).isInstanceOf(UploadState.Open.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void manyWritersAtOnceNeverMixTheirBytes(long seed) throws Exception {
    FragmentKey key = key();
    byte[] body = Seeds.bytes(new Random(seed), 40_000);
    String id = begin(key, null, null).id();
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      FragmentStore through = i % 2 == 0 ? store : other;
      Random sizes = new Random(seed * 100 + i);
      writers.add(() -> writeUntilComplete(through, id, body, sizes));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int completed = 0;
      for (Future<Integer> done : threads.invokeAll(writers)) {
        completed += done.get();
      }
      assertThat(completed).isEqualTo(1);
    }
    assertThat(read(key)).isEqualTo(body);
    assertThat(usage()).isEqualTo(new Usage(body.length, 1));
    nothingIsLeftButTheFragment(key);
  }

  /**
   * 1 if it is the one that has completed the upload. Pauses longer each time, as clients do:
   * whoever asks for an upload ends the one that writes it, and no one would come to an end.
   */
  private int writeUntilComplete(FragmentStore through, String id, byte[] body, Random sizes) {
    for (long most = FIRST_PAUSE_NANOS; ; most = Math.min(2 * most, LONGEST_PAUSE_NANOS)) {
      LockSupport.parkNanos(sizes.nextLong(most));
      UploadState state = Objects.requireNonNull(through.uploads().look(TENANT, id));
      UploadState held = through.uploads().resume(TENANT, id, state.progress().offset(), null);
      switch (held) {
        case UploadState.Ended ended -> {
          assertThat(ended.answer().digest()).isEqualTo(ContentDigest.of(body));
          return 0;
        }
        case UploadState.Open open -> {
          UploadWriter writer = through.uploads().writer(id, open);
          try {
            for (int i = 0; i < 4 && writer.offset() < body.length; i++) {
              append(writer, body, 1 + sizes.nextInt(4000));
            }
            if (writer.offset() == body.length) {
              writer.complete(null);
              return 1;
            }
          } catch (MembraneException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);
          }
        }
        case UploadState.Mismatch overtaken ->
            assertThat(overtaken.code()).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);
        case null -> Assertions.fail("the upload is gone");
      }
    }
  }

  @Test
  void whatIsNotToBeStoredEndsTheUploadAndIsSaidAgain() {
    FragmentKey taken = key();
    put(taken, bytes("the first bytes"));
    Usage before = usage();
    UploadWriter conflict = begin(taken, null, null);
    append(conflict, bytes("other bytes"), 11);
    assertThat(refusal(() -> conflict.complete(null))).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    isEndedWith(conflict.id(), ErrorCode.FRAGMENT_CONFLICT);

    UploadWriter damaged = begin(key(), null, bytes("as meant"));
    append(damaged, bytes("as sent!"), 8);
    assertThat(refusal(() -> damaged.complete(null))).isEqualTo(ErrorCode.DIGEST_MISMATCH);
    isEndedWith(damaged.id(), ErrorCode.DIGEST_MISMATCH);

    UploadWriter empty = begin(key(), null, null);
    assertThat(refusal(() -> empty.complete(null))).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST);

    assertThat(usage()).isEqualTo(before);
    nothingIsLeftButTheFragment(taken);
    assertThat(body(taken)).isEqualTo(bytes("the first bytes"));
  }

  @Test
  void equalBytesThatAreThereAlreadyCompleteAnUploadWithoutAnotherCharge() {
    FragmentKey key = key();
    put(key, bytes("the same"));
    UploadWriter writer = begin(key, null, null);
    append(writer, bytes("the same"), 8);
    assertThat(writer.complete(null).isNew()).isFalse();
    assertThat(usage()).isEqualTo(new Usage(8, 1));
    nothingIsLeftButTheFragment(key);
  }

  @Test
  void partsThatRedisHasLostOrDamagedAreNeverAFragment() {
    byte[] body = Seeds.bytes(random, 3000);
    for (String fault : List.of("lost", "flipped", "shorter")) {
      double before = corrupt();
      FragmentKey key = key();
      UploadWriter writer = begin(key, null, null);
      append(writer, body, 1000);
      append(writer, body, 2000);
      byte[] part = partKeys().getFirst();
      byte[] bytes = redis.get(part);
      switch (fault) {
        case "lost" -> redis.del(part);
        case "flipped" -> {
          bytes[bytes.length / 2] ^= 4;
          redis.set(part, bytes);
        }
        default -> redis.set(part, Arrays.copyOf(bytes, bytes.length - 1));
      }
      assertThat(refusal(() -> writer.complete(null))).as(fault).isEqualTo(ErrorCode.NOT_FOUND);
      isEndedWith(writer.id(), ErrorCode.NOT_FOUND);
      assertThat(isThere(key)).isFalse();
      assertThat(corrupt()).isEqualTo(before + 1);
    }
    partsAreGone();
    assertThat(usage()).isEqualTo(new Usage(0, 0));
  }

  @Test
  void anOpenUploadCountsInTheQuotaWithWhatItMayBecome() {
    quota(10_000L, 3L);
    put(key(), new byte[1000]);
    assertThat(refusal(() -> begin(key(), null, null))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    UploadWriter writer = begin(key(), 9000L, null);
    assertThat(usage()).isEqualTo(new Usage(10_000, 2));
    assertThat(refusal(() -> put(key(), new byte[1]))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    assertThat(refusal(() -> begin(key(), 1L, null))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);

    append(writer, Seeds.bytes(random, 9000), 9000);
    writer.complete(null);

    assertThat(usage()).isEqualTo(new Usage(10_000, 2));
    assertThat(refusal(() -> put(key(), new byte[1]))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
  }

  @Test
  void anUploadWhoseLengthIsSaidLaterCountsWithThatFromThen() {
    UploadWriter writer = begin(key(), null, null);
    assertThat(usage()).isEqualTo(new Usage(MAX_BYTES, 1));
    store.uploads().resume(TENANT, writer.id(), 0, 5000L);
    assertThat(usage()).isEqualTo(new Usage(5000, 1));
    store.uploads().cancel(TENANT, writer.id());
    assertThat(usage()).isEqualTo(new Usage(0, 0));
  }

  @Test
  void aQuotaThatShrinksMeanwhileLeavesTheUploadOpen() {
    UploadWriter writer = begin(key(), 4L, null);
    append(writer, bytes("body"), 4);
    quota(3L, null);
    assertThat(refusal(() -> writer.complete(null))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    assertThat(usage()).isEqualTo(new Usage(4, 1));
    quota(4L, null);
    assertThat(resume(other, writer.id(), 4).complete(null).isNew()).isTrue();
    assertThat(usage()).isEqualTo(new Usage(4, 1));
  }

  @Test
  void aTenantHasOnlySoManyUploadsOpen() {
    UploadWriter first = begin(key(), 1L, null);
    for (int i = 1; i < ResumableUploads.MOST_OPEN; i++) {
      begin(key(), 1L, null);
    }
    assertThat(refusal(() -> begin(key(), 1L, null))).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    other.uploads().cancel(TENANT, first.id());
    assertThat(begin(key(), 1L, null).room()).isEqualTo(1);
  }

  @Test
  void anUploadIsItsTenantsAlone() {
    String id = begin(key(), null, null).id();
    assertThat(store.uploads().look("t2", id)).isNull();
    assertThat(store.uploads().resume("t2", id, 0, null)).isNull();
    store.uploads().cancel("t2", id);
    assertThat(store.uploads().look(TENANT, id)).isNotNull();
  }

  @Test
  void whatIsCancelledOrWaitsTooLongIsGoneWithAllItHeld() {
    UploadWriter cancelled = begin(key(), null, null);
    append(cancelled, Seeds.bytes(random, 3000), 3000);
    store.uploads().cancel(TENANT, cancelled.id());
    assertThat(refusal(() -> cancelled.complete(null))).isEqualTo(ErrorCode.UPLOAD_OFFSET_MISMATCH);

    UploadWriter forgotten = begin(key(), null, null);
    append(forgotten, Seeds.bytes(random, 3000), 3000);
    redis.zadd(bytes("{membrane}:uploads"), 1, bytes(forgotten.id()));
    assertThat(other.uploads().look(TENANT, forgotten.id())).isNull();
    other.housekeeping().tidy();

    assertThat(usage()).isEqualTo(new Usage(0, 0));
    assertThat(storeBytes()).isZero();
    partsAreGone();
    assertThat(redis.keys("*upload*")).isEmpty();
    assertThat(redis.keys("{membrane}:parts:*")).isEmpty();
  }

  @Test
  void theAnswersOfEndedUploadsAreBoundedAndForgotten() {
    for (int i = 0; i < 70; i++) {
      UploadWriter writer = begin(key(), 4L, null);
      append(writer, bytes("body"), 4);
      writer.complete(null);
    }
    assertThat(redis.keys("{membrane}:upload:*"))
        .hasSize(64)
        .allSatisfy(upload ->
            assertThat(redis.pttl(upload)).isBetween(1L, ResumableUploads.ANSWER_KEPT.toMillis()));
  }

  @Test
  void theSweepFindsPartsOfNoUploadAndLeavesTheOthers() {
    UploadWriter open = begin(key(), null, null);
    append(open, Seeds.bytes(random, 100), 100);
    redis.set(RedisKeys.part("0".repeat(32), "0." + "1".repeat(32)), new byte[10]);
    assertThat(store.housekeeping().sweep().orphans()).isEqualTo(1);
    assertThat(partKeys()).hasSize(1);
    assertThat(open.complete(null).isNew()).isTrue();
  }

  @Test
  void aPartIsForgottenByRedisItselfIfNobodyRemovesIt() {
    append(begin(key(), null, null), new byte[10], 10);
    assertThat(redis.pttl(partKeys().getFirst())).isGreaterThan(ResumableUploads.LIFE.toMillis());
  }

  @Test
  void aFullRedisRefusesAPartAndTheUploadGoesOnOnceThereIsRoom() {
    byte[] body = Seeds.bytes(random, 2000);
    FragmentKey key = key();
    UploadWriter writer = begin(key, 2000L, null);
    append(writer, body, 1000);
    redis.configSet("maxmemory", "1kb");
    assertThat(refusal(() -> append(writer, body, 1000))).isEqualTo(ErrorCode.STORAGE_FULL);
    redis.configSet("maxmemory", "0");
    append(writer, body, 1000);
    redis.configSet("maxmemory", "1kb");
    assertThat(refusal(() -> writer.complete(null))).isEqualTo(ErrorCode.STORAGE_FULL);
    redis.configSet("maxmemory", "0");
    assertThat(usage()).isEqualTo(new Usage(2000, 1));
    writer.complete(null);
    assertThat(read(key)).isEqualTo(body);
    nothingIsLeftButTheFragment(key);
  }

  @Test
  void anUploadOfVeryManyVerySmallPartsIsRefused() {
    UploadWriter writer = begin(key(), 2000L, null);
    byte[] body = Seeds.bytes(random, 2000);
    for (int i = 0; i < 1024; i++) {
      append(writer, body, 1);
    }
    assertThat(refusal(() -> append(writer, body, 1))).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST);
  }

  private UploadWriter begin(FragmentKey key, @Nullable Long length, byte @Nullable [] claimed) {
    return store
        .uploads()
        .begin(
            TENANT,
            key,
            meta(null, false),
            claimed == null ? null : ContentDigest.of(claimed),
            length,
            MAX_BYTES);
  }

  private static UploadWriter resume(FragmentStore through, String id, long offset) {
    UploadState state = through.uploads().resume(TENANT, id, offset, null);
    return through.uploads().writer(id, (UploadState.Open) Objects.requireNonNull(state));
  }

  /** Appends the next bytes of the body: so many, or what is left. */
  private void append(UploadWriter writer, byte[] body, int bytes) {
    int from = Math.toIntExact(writer.offset());
    int n = Math.min(bytes, body.length - from);
    if (n == 0) {
      return;
    }
    try (Claim claim = store.claim(n)) {
      claim.append(ByteBuffer.wrap(body, from, n));
      try (Payload part = claim.commit()) {
        writer.append(part);
      }
    }
  }

  private void isEndedWith(String id, ErrorCode code) {
    UploadState state = other.uploads().look(TENANT, id);
    assertThat(state)
        .isInstanceOfSatisfying(
            UploadState.Ended.class, ended -> assertThat(refusal(ended::answer)).isEqualTo(code));
  }

  private void quota(@Nullable Long bytes, @Nullable Long fragments) {
    Policy policy = new Policy(bytes, fragments, null, Sharing.ISOLATED, null, 3);
    store.tenants().setPolicy(TENANT, policy);
    other.tenants().setPolicy(TENANT, policy);
  }

  private List<byte[]> partKeys() {
    return redis.keys(RedisKeys.UPLOAD_PREFIX + "*");
  }

  /** Nobody waits for what is unlinked. */
  private void partsAreGone() {
    Awaitility.await().until(() -> partKeys().isEmpty());
  }

  private long storeBytes() {
    byte[] bytes = redis.hget(bytes("{membrane}:store"), bytes("bytes"));
    return Long.parseLong(new String(bytes, UTF_8));
  }

  /** What an upload leaves is its answer, which Redis forgets by itself. */
  private void nothingIsLeftButTheFragment(FragmentKey key) {
    partsAreGone();
    assertThat(redis.keys("{membrane}:parts:*")).isEmpty();
    assertThat(redis.exists(bytes("{membrane}:uploads"))).isZero();
    Awaitility.await().until(() -> bodies().size() == 1);
    assertThat(storeBytes())
        .isEqualTo(RedisKeys.footprint(description(key).bytes()) + RedisKeys.NAME_BYTES);
    byte[] open = redis.hget(RedisKeys.account(TENANT), bytes("uploads"));
    assertThat(open).isEqualTo(bytes("0"));
  }
}
