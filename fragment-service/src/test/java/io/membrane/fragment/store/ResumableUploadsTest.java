package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads that go on on another replica, are overtaken and completed once. */
class ResumableUploadsTest extends UploadsOnRedis {

  private static final long FIRST_PAUSE_NANOS = 1_000;
  private static final long LONGEST_PAUSE_NANOS = 200_000_000;

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
  void anUploadIsItsTenantsAlone() {
    String id = begin(key(), null, null).id();
    assertThat(store.uploads().look("t2", id)).isNull();
    assertThat(store.uploads().resume("t2", id, 0, null)).isNull();
    store.uploads().cancel("t2", id);
    assertThat(store.uploads().look(TENANT, id)).isNotNull();
  }
}
