package io.membrane.reconstruction.execute;

import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import java.util.List;

/** What a hybrid model's blocks cannot be reused for. */
final class HybridReuse {

  private static final String NOT_SHIFTED =
      "; not reused from other places, as reuse shifted would have it: the states of this hybrid"
          + " model know every token before them";

  private HybridReuse() {}

  /** These segments, which say so where shifted reuse was asked for and cannot be had. */
  static List<Segment> told(Task task, List<Segment> segments) {
    return task.wish().shifted() == null || !task.isHybrid()
        ? segments
        : segments.stream()
            .map(segment -> segment.source() == Source.PREFILL ? told(segment) : segment)
            .toList();
  }

  private static Segment told(Segment segment) {
    return new Segment(
        segment.tokenSpan(),
        segment.source(),
        segment.fidelity(),
        segment.blockHashes(),
        segment.locations(),
        segment.why() + NOT_SHIFTED,
        segment.costMs());
  }
}
