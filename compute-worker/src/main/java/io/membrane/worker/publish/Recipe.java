package io.membrane.worker.publish;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.worker.publish.SourceFetch.Fetched;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * All that shapes the KV of a prompt with shifted blocks besides its tokens.
 *
 * @param shifts as asked for
 * @param used those of its blocks that could be had, at least one
 */
record Recipe(Shifts shifts, List<ShiftedBlock> used) {

  /** What is made of the blocks whose payload is there. */
  static Recipe of(Shifts shifts, List<Fetched> sources) {
    return new Recipe(
        shifts,
        IntStream.range(0, sources.size())
            .filter(i -> sources.get(i).payload() != null)
            .mapToObj(shifts.blocks()::get)
            .toList());
  }

  /** The prompt with other names for all blocks from the first that a shifted block shapes. */
  Prompt name(Prompt prompt) {
    String kind = used.stream().anyMatch(ShiftedBlock::mayDiffer) ? "approximate" : "shifted";
    String digest = ContentDigest.of(text().getBytes(UTF_8)).hex();
    return prompt.renamed(first(prompt, b -> true), "membrane/" + kind + "/1 " + digest);
  }

  private String text() {
    StringBuilder text = new StringBuilder("recompute_share " + shifts.share());
    for (ShiftedBlock block : used) {
      text.append('\n')
          .append(block.tokenSpan())
          .append(' ')
          .append(block.sourceBlockHash().hex())
          .append(' ')
          .append(block.sourceFrom());
      if (block.mayDiffer()) {
        text.append(" approximate ").append(shifts.leastEqual());
      }
    }
    return text.toString();
  }

  /** Where the KV of a block that was not fetched as part of the prefix comes from. */
  Source source(Prompt prompt, int block) {
    if (block >= first(prompt, ShiftedBlock::mayDiffer)) {
      return Source.APPROXIMATE;
    }
    return block >= first(prompt, b -> true) ? Source.SHIFTED : Source.PREFILL;
  }

  /** The first block of the prompt that one of these has a part in. */
  private int first(Prompt prompt, Predicate<ShiftedBlock> kind) {
    return used.stream()
        .filter(kind)
        .findFirst()
        .map(block -> block.tokenSpan().from() / prompt.blockTokens())
        .orElse(Integer.MAX_VALUE);
  }
}
