package io.membrane.scheduler.simulation.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TraceTest {

  @Test
  void requestsOutOfOrderAreSortedAndItSaysSo() {
    Trace trace =
        new Trace(
            List.of(
                new Trace.Request(3000, 600, 5, new int[] {70, 80}),
                new Trace.Request(1000, 100, 6, new int[] {70})));
    assertThat(trace.sorted()).isTrue();
    assertThat(trace.seconds(1)).isEqualTo(2);
    assertThat(trace.inputTokens(0)).isEqualTo(100);
    assertThat(trace.blocks(0)).isEqualTo(1);
    assertThat(trace.block(0, 0)).isEqualTo(trace.block(1, 0)).isNotEqualTo(trace.block(1, 1));
    assertThat(trace.durationSeconds()).isEqualTo(2);
  }

  @Test
  void blocksAreNumberedAnewWhateverTheirIds() {
    Trace trace =
        new Trace(
            List.of(
                new Trace.Request(0, 2000, 5, new int[] {Integer.MAX_VALUE, -7, 0}),
                new Trace.Request(0, 600, 5, new int[] {Integer.MAX_VALUE, 12})));
    assertThat(trace.sorted()).isFalse();
    assertThat(trace.blockReferences()).isEqualTo(5);
    assertThat(trace.distinctBlocks()).isEqualTo(4);
    for (int r = 0; r < 2; r++) {
      for (int b = 0; b < trace.blocks(r); b++) {
        assertThat(trace.block(r, b)).isBetween(0, 3);
      }
    }
    assertThat(trace.meanInputTokens()).isEqualTo(1300);
    assertThat(trace.meanOutputTokens()).isEqualTo(5);
  }

  static Stream<Arguments> impossible() {
    return Stream.of(
        Arguments.of(List.of(), "1 to 5000000 requests, not 0"),
        Arguments.of(List.of(new Trace.Request(-1, 1, 1, new int[0])), "request 0: a timestamp"),
        Arguments.of(
            List.of(new Trace.Request(0, 1, 1, new int[0]), new Trace.Request(0, 0, 1, new int[0])),
            "request 1: a prompt has 1 to"),
        Arguments.of(List.of(new Trace.Request(0, 1, -1, new int[0])), "request 0: an output"),
        Arguments.of(
            List.of(new Trace.Request(0, 512, 1, new int[] {1, 2})),
            "request 0: 512 tokens have at most 1 blocks of 512, not 2"));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void anImpossibleTraceIsRefusedWithTheRequest(List<Trace.Request> requests, String message) {
    assertThatThrownBy(() -> new Trace(requests))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
