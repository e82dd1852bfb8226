package io.membrane.fragment.offheap;

import static io.membrane.fragment.offheap.SmallOffHeap.UNIT;
import static io.membrane.fragment.offheap.SmallOffHeap.claim;
import static io.membrane.fragment.offheap.SmallOffHeap.payload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class LeakTest {

  @Test
  void whatIsForgottenIsGivenBackCountedAndLoggedOnce(CapturedOutput output) {
    try (OffHeap offHeap = SmallOffHeap.of(4 * UNIT)) {
      forgetAClaim(offHeap, UNIT + 1);
      forgetALease(offHeap, 5);
      awaitLeaks(offHeap, 2);
      assertThat(offHeap.usedBytes()).isZero();
      assertThat(offHeap.payloadBytes()).isZero();
      assertThat(offHeap.claims()).isZero();
      assertThat(output.getOut()).containsOnlyOnce("a claim or lease of 4097 bytes was never");
      assertThat(output.getOut()).containsOnlyOnce("a claim or lease of 5 bytes was never");
      assertThat(output.getOut()).doesNotContain("forgetALease");
    }
  }

  @Test
  void aForgottenLeaseLeavesTheOthers() {
    try (OffHeap offHeap = SmallOffHeap.of(4 * UNIT);
        Payload kept = payload(offHeap, new byte[5])) {
      forgetARetained(kept);
      awaitLeaks(offHeap, 1);
      assertThat(kept.buffers(0, 5)).hasSize(1);
      assertThat(offHeap.usedBytes()).isEqualTo(UNIT);
    }
  }

  @Test
  void theStackOfALeakIsToldWhenItWasRecorded(CapturedOutput output) {
    try (OffHeap offHeap = new OffHeap(4 * UNIT, true)) {
      forgetALease(offHeap, 5);
      awaitLeaks(offHeap, 1);
      assertThat(output.getOut()).contains("LeakTest.forgetALease");
    }
  }

  @Test
  void whatIsClosedIsNoLeak() {
    try (OffHeap offHeap = SmallOffHeap.of(4 * UNIT)) {
      for (int i = 0; i < 1000; i++) {
        claim(offHeap, 1).close();
        payload(offHeap, new byte[1]).close();
      }
      forgetALease(offHeap, 5);
      awaitLeaks(offHeap, 1);
    }
  }

  private static void awaitLeaks(OffHeap offHeap, int leaks) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> {
          System.gc();
          return offHeap.leaks() >= leaks;
        });
    assertThat(offHeap.leaks()).isEqualTo(leaks);
  }

  private static void forgetAClaim(OffHeap offHeap, int bytes) {
    var _ = claim(offHeap, bytes);
  }

  private static void forgetALease(OffHeap offHeap, int bytes) {
    var _ = payload(offHeap, new byte[bytes]);
  }

  private static void forgetARetained(Payload payload) {
    var _ = payload.retain();
  }
}
