package io.membrane.fragment.offheap;

import static io.membrane.fragment.offheap.SmallOffHeap.LARGEST;
import static io.membrane.fragment.offheap.SmallOffHeap.payload;
import static io.membrane.fragment.offheap.SmallOffHeap.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConcurrencyTest {

  private static final int THREADS = 4;
  private static final int ROUNDS = 400;

  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  /** Payloads that any thread may read and close; each starts with the seed of its bytes. */
  private final ArrayBlockingQueue<Payload> shared = new ArrayBlockingQueue<>(8);

  @AfterEach
  void stop() {
    threads.close();
  }

  @Test
  void payloadsOfManyThreadsNeverMix() throws Exception {
    try (OffHeap offHeap = SmallOffHeap.of(2L * LARGEST)) {
      inAllThreads(thread -> () -> writeAndRead(offHeap, new Random(thread)));
      shared.forEach(Payload::close);
      assertThat(offHeap.usedBytes()).isZero();
      assertThat(offHeap.claims()).isZero();
      assertThat(offHeap.leaks()).isZero();
    }
  }

  private int writeAndRead(OffHeap offHeap, Random random) {
    for (int round = 0; round < ROUNDS; round++) {
      Claim claim = offHeap.tryClaim(0);
      if (claim == null) {
        continue;
      }
      try (claim) {
        byte[] bytes = seeded(random.nextInt(), 4 + random.nextInt(400_000));
        if (claim.grow(bytes.length)) {
          claim.append(ByteBuffer.wrap(bytes));
          share(claim.commit());
        }
      }
      check(shared.poll());
    }
    return ROUNDS;
  }

  private void share(Payload payload) {
    Payload again = payload.retain();
    check(payload);
    if (!shared.offer(again)) {
      again.close();
    }
  }

  private static void check(@Nullable Payload payload) {
    if (payload != null) {
      try (payload) {
        byte[] bytes = read(payload);
        assertThat(bytes).isEqualTo(seeded(ByteBuffer.wrap(bytes).getInt(), bytes.length));
      }
    }
  }

  private static byte[] seeded(int seed, int length) {
    byte[] bytes = Seeds.bytes(new Random(seed), length);
    ByteBuffer.wrap(bytes).putInt(seed);
    return bytes;
  }

  @Test
  void aReadThatMeetsTheCloseGivesTheRightBytesOrIsRefused() throws Exception {
    byte[] bytes = Seeds.bytes(new Random(1), 100_000);
    ContentDigest digest = ContentDigest.of(bytes);
    try (OffHeap offHeap = SmallOffHeap.of(LARGEST)) {
      for (int round = 0; round < ROUNDS; round++) {
        Payload payload = payload(offHeap, bytes);
        inAllThreads(thread ->
            thread == 0
                ? () -> closeAndOverwrite(payload, offHeap)
                : () -> digestOrRefusal(payload, digest));
        assertThat(offHeap.usedBytes()).isZero();
      }
    }
  }

  private static ContentDigest closeAndOverwrite(Payload payload, OffHeap offHeap) {
    payload.close();
    try (Payload next = payload(offHeap, new byte[200_000])) {
      return next.digest();
    }
  }

  private static ContentDigest digestOrRefusal(Payload payload, ContentDigest expected) {
    try {
      assertThat(payload.digest()).isEqualTo(expected);
    } catch (IllegalStateException closedBefore) {
      assertThat(closedBefore).hasMessageContaining("closed");
    }
    return expected;
  }

  private void inAllThreads(IntFunction<Callable<?>> work) throws Exception {
    List<Future<?>> futures = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      futures.add(threads.submit(work.apply(thread)));
    }
    for (Future<?> future : futures) {
      future.get();
    }
  }
}
