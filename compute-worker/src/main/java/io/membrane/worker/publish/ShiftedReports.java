package io.membrane.worker.publish;

import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Says what became of shifted blocks. */
final class ShiftedReports {

  private ShiftedReports() {}

  /**
   * One for each block that was asked for.
   *
   * @param computed null if none could be used
   */
  static ShiftedReport of(
      Shifts shifts, List<SourceFetch.Fetched> sources, @Nullable ShiftedComputation computed) {
    List<ShiftedUse> uses = new ArrayList<>();
    int used = 0;
    int kept = 0;
    for (int i = 0; i < sources.size(); i++) {
      ShiftedBlock block = shifts.blocks().get(i);
      String fault = sources.get(i).fault();
      ShiftedComputation.Use use =
          fault == null
              ? Objects.requireNonNull(computed).uses().get(used++)
              : new ShiftedComputation.Use(0, 0);
      kept += use.kept();
      uses.add(
          new ShiftedUse(
              block.tokenSpan(),
              block.sourceBlockHash(),
              fault == null,
              use.kept(),
              use.others(),
              fault == null ? why(use) : "computed: " + fault));
    }
    return new ShiftedReport(
        uses, kept, shifts.share(), computed == null ? null : computed.deviation());
  }

  private static String why(ShiftedComputation.Use use) {
    return use.others() == 0
        ? "the same tokens, %d kept".formatted(use.kept())
        : "%d tokens are others than the prompt's and were computed, %d kept"
            .formatted(use.others(), use.kept());
  }
}
