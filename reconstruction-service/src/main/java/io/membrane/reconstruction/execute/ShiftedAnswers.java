package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.wire.LogPosition;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Holds a worker's answers about shifted blocks against the contract, as {@link Answers}. */
final class ShiftedAnswers {

  private ShiftedAnswers() {}

  /** Every block has the prompt's hash before the first shifted one, and another from there on. */
  static PrefillResponse checked(
      Prompt prompt,
      int prefix,
      Shifted asked,
      boolean nextToken,
      @Nullable PrefillResponse answer) {
    return Answers.kept(
        "the compute-worker",
        answer,
        a ->
            Answers.present(a.blocks(), a.timingsMs(), a.shifted())
                && Answers.isWhole(a.unstored())
                && a.totalTokens() == prompt.totalTokens()
                && a.tokensReused() >= 0
                && a.tokensReused() <= prompt.tokens(prefix)
                && a.blocks().size() == prompt.blocks()
                && IntStream.range(0, a.blocks().size())
                    .allMatch(i -> named(a.blocks().get(i), prompt.blockHashes().get(i)))
                && reports(asked, Objects.requireNonNull(a.shifted()))
                && saysApproximate(prompt, a)
                && (!nextToken || Answers.present(a.nextToken()))
                && (a.logPosition() == null || LogPosition.isPosition(a.logPosition())));
  }

  private static boolean named(@Nullable PrefilledBlock block, BlockHash hash) {
    return block != null
        && Answers.present(block.source(), block.blockHash())
        && isShaped(block) != hash.equals(block.blockHash());
  }

  private static boolean isShaped(PrefilledBlock block) {
    return block.source() == Source.SHIFTED || block.source() == Source.APPROXIMATE;
  }

  /** What is similar, not equal, and all behind it has to be called so. */
  private static boolean saysApproximate(Prompt prompt, PrefillResponse answer) {
    int first =
        Objects.requireNonNull(answer.shifted()).blocks().stream()
            .filter(use -> use.used() && use.isApproximate())
            .mapToInt(use -> use.tokenSpan().from() / prompt.blockTokens())
            .min()
            .orElse(prompt.blocks());
    return answer.blocks().stream()
        .skip(first)
        .allMatch(block -> block.source() == Source.APPROXIMATE);
  }

  private static boolean reports(Shifted asked, ShiftedReport report) {
    return report.blocks() != null
        && report.blocks().size() == asked.blocks().size()
        && report.tokensKept() >= 0
        && IntStream.range(0, asked.blocks().size())
            .allMatch(i -> isOf(asked.blocks().get(i), report.blocks().get(i)));
  }

  private static boolean isOf(ShiftedBlock asked, @Nullable ShiftedUse use) {
    return use != null
        && asked.tokenSpan().equals(use.tokenSpan())
        && asked.sourceBlockHash().equals(use.sourceBlockHash())
        && asked.mayDiffer() == use.isApproximate()
        && Answers.present(use.why());
  }
}
