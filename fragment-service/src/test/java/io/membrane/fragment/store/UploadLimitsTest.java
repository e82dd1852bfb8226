package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Uploads that are refused, cut short, given up and forgotten, and what they count meanwhile. */
class UploadLimitsTest extends UploadsOnRedis {

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
}
