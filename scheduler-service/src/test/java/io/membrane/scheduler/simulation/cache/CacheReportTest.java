package io.membrane.scheduler.simulation.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.scheduler.simulation.cache.CacheReport.Row;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheReportTest {

  @Test
  void theConversationTraceHits3664PercentOfItsBlocksInAnUnboundedCacheAndLessInSmallerOnes() {
    CacheReport report = CacheReport.of(ConversationTrace.read(), CacheReport.CAPACITIES);
    assertThat(report.requests()).isEqualTo(12_031);
    assertThat(report.blockReferences()).isEqualTo(288_500);
    assertThat(report.distinctBlocks()).isEqualTo(182_790);
    Row unbounded = report.rows().getFirst();
    assertThat(unbounded.hitBlocks()).isEqualTo(105_710);
    assertThat(unbounded.hitRatio()).isCloseTo(0.3664, within(5e-5));
    assertThat(report.rows())
        .extracting(Row::hitRatio)
        .isSortedAccordingTo((a, b) -> b.compareTo(a));
    assertThat(report.rows().getLast().hitRatio()).isBetween(0.01, 0.2);
  }

  @Test
  void aCapacityBelowZeroIsRefused() {
    assertThatThrownBy(() -> CacheReport.of(ConversationTrace.read(), List.of(-1L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a cache holds 0 or more blocks, not -1");
  }
}
