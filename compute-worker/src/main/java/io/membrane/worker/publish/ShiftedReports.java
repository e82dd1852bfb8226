package io.membrane.worker.publish;

import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import io.membrane.worker.publish.ShiftedComputation.Use;
import io.membrane.worker.publish.SourceFetch.Fetched;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Says what became of each shifted block. */
final class ShiftedReports {

  private ShiftedReports() {}

  /**
   * @param sources one for each block asked for
   * @param computed null if none of them can be used
   */
  static ShiftedReport of(
      Shifts shifts, List<Fetched> sources, @Nullable ShiftedComputation computed) {
    List<ShiftedUse> uses = new ArrayList<>();
    int used = 0;
    for (int i = 0; i < sources.size(); i++) {
      ShiftedBlock block = shifts.blocks().get(i);
      String fault = sources.get(i).fault();
      uses.add(
          fault == null
              ? use(block, Objects.requireNonNull(computed).uses().get(used++))
              : use(block, new Use(0, true, List.of()), "computed: " + fault));
    }
    return new ShiftedReport(
        uses,
        uses.stream().mapToInt(ShiftedUse::keptTokens).sum(),
        shifts.share(),
        computed == null ? null : computed.deviation());
  }

  private static ShiftedUse use(ShiftedBlock block, Use use) {
    String others = "%d tokens are others than the prompt's".formatted(use.others());
    if (use.refused()) {
      return use(block, use, "computed: " + others + ", more than may be");
    }
    return use(
        block,
        use,
        use.others() == 0
            ? "the same tokens, %d kept".formatted(use.kept())
            : others + " and were computed, %d kept".formatted(use.kept()));
  }

  private static ShiftedUse use(ShiftedBlock block, Use use, String why) {
    return new ShiftedUse(
        block.tokenSpan(),
        block.sourceBlockHash(),
        !use.refused(),
        use.kept(),
        use.others(),
        why,
        block.similarity(),
        block.mayDiffer() ? use.spans() : null);
  }
}
