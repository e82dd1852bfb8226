package io.membrane.worker.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class TransferBlocksTest {

  private Instant now = Instant.EPOCH;
  private final TransferBlocks blocks =
      new TransferBlocks(
          100,
          Duration.ofSeconds(60),
          ((InstantSource) () -> now).withZone(ZoneOffset.UTC),
          new SimpleMeterRegistry());

  @Test
  void aTailIsTakenOnce() {
    byte[] tail = {1, 2, 3};
    String id = hold(tail);
    assertThat(blocks.bytes()).isEqualTo(3);
    assertThat(blocks.take(id)).isEqualTo(tail);
    assertThat(blocks.bytes()).isZero();
    assertGone(id);
  }

  @Test
  void aTailIsDroppedWhenItsTimeIsOver() {
    String first = hold(new byte[60]);
    now = now.plusSeconds(30);
    String second = hold(new byte[40]);
    now = now.plusSeconds(30);
    assertThat(blocks.bytes()).isEqualTo(40);
    assertGone(first);
    assertThat(blocks.take(second)).hasSize(40);
  }

  @Test
  void anotherTenantsTailIsNotThere() throws Exception {
    String id = hold(new byte[5]);
    CallContext.of("other", Duration.ofSeconds(10))
        .call(() -> {
          assertGone(id);
          return id;
        });
    assertThat(blocks.take(id)).hasSize(5);
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeItIsComputed() {
    TransferBlocks.Room room = blocks.reserve(70);
    assertRefused(31, ErrorCode.OVERLOADED);
    assertRefused(101, ErrorCode.IMPOSSIBLE_REQUEST);
    room.close();
    assertThat(blocks.bytes()).isZero();
    hold(new byte[100]);
    assertRefused(1, ErrorCode.OVERLOADED);
    now = now.plusSeconds(60);
    blocks.reserve(100).close();
  }

  private String hold(byte[] tail) {
    try (TransferBlocks.Room room = blocks.reserve(tail.length)) {
      return room.hold(tail);
    }
  }

  private void assertRefused(long size, ErrorCode code) {
    assertThatThrownBy(() -> blocks.reserve(size))
        .isInstanceOfSatisfying(MembraneException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private void assertGone(String id) {
    assertThatThrownBy(() -> blocks.take(id))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }
}
