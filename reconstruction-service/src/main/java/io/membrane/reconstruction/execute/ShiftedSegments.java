package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Unstored;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A context of which some blocks are shifted, as the caller sees it. */
record ShiftedSegments(List<Segment> segments, Coverage coverage) {

  static final String EXACT = "stored under the same chained block hash";
  static final String COMPUTED = "not stored at any place";
  static final String BEHIND = "computed behind %s blocks, so it is not what a prefill gives";

  /** What one block, or the tail, is. */
  private record Part(
      TokenSpan span,
      Source source,
      @Nullable Fidelity fidelity,
      @Nullable BlockHash hash,
      String why) {}

  static ShiftedSegments of(Prompt prompt, Stored stored, String cluster, PrefillResponse answer) {
    ShiftedReport report = Objects.requireNonNull(answer.shifted());
    List<Location> locations =
        stored.matches().stream()
            .filter(match -> match.cluster().equals(cluster) && match.matchedBlocks() > 0)
            .map(match -> new Location(match.cluster(), match.node(), match.tier()))
            .toList();
    List<Segment> segments = new ArrayList<>();
    for (Part part : parts(prompt, report, answer.blocks(), answer.unstored())) {
      Segment last = segments.isEmpty() ? null : segments.getLast();
      if (last != null && continues(last, part)) {
        segments.removeLast();
        segments.add(joined(last, part));
      } else {
        segments.add(segment(part, part.source() == Source.FRAGMENT ? locations : List.of()));
      }
    }
    return new ShiftedSegments(List.copyOf(segments), coverage(prompt, report, answer));
  }

  private static Coverage coverage(Prompt prompt, ShiftedReport report, PrefillResponse answer) {
    int reused = answer.tokensReused() + report.tokensKept();
    boolean approximate = report.blocks().stream().anyMatch(ShiftedUse::isApproximate);
    int similar =
        report.blocks().stream()
            .filter(ShiftedUse::isApproximate)
            .mapToInt(ShiftedUse::keptTokens)
            .sum();
    return new Coverage(
        reused,
        prompt.totalTokens() - reused,
        0,
        (double) reused / prompt.totalTokens(),
        report.tokensKept() - similar,
        approximate ? similar : null);
  }

  private static List<Part> parts(
      Prompt prompt,
      ShiftedReport report,
      List<PrefilledBlock> blocks,
      @Nullable Unstored unstored) {
    Map<TokenSpan, ShiftedUse> uses =
        report.blocks().stream()
            .collect(Collectors.toMap(ShiftedUse::tokenSpan, Function.identity()));
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      TokenSpan span = new TokenSpan(prompt.tokens(i), prompt.tokens(i + 1));
      parts.add(told(part(span, blocks.get(i), uses.get(span)), unstored));
    }
    int full = prompt.tokens(blocks.size());
    if (full < prompt.totalTokens()) {
      parts.add(tail(new TokenSpan(full, prompt.totalTokens()), parts));
    }
    return parts;
  }

  private static Part told(Part part, @Nullable Unstored unstored) {
    if (unstored == null
        || unstored.keys().stream().noneMatch(key -> key.hash().equals(part.hash()))) {
      return part;
    }
    String why = part.why() + "; it could not be stored: " + unstored.detail();
    return new Part(part.span(), part.source(), part.fidelity(), part.hash(), why);
  }

  private static Part tail(TokenSpan span, List<Part> parts) {
    Fidelity before = parts.isEmpty() ? null : parts.getLast().fidelity();
    return before == null || before == Fidelity.EXACT
        ? new Part(span, Source.PREFILL, null, null, COMPUTED)
        : new Part(span, Source.PREFILL, before, null, behind(before));
  }

  private static Part part(TokenSpan span, PrefilledBlock block, @Nullable ShiftedUse use) {
    BlockHash hash = block.blockHash();
    return switch (block.source()) {
      case FRAGMENT -> new Part(span, Source.FRAGMENT, Fidelity.EXACT, hash, EXACT);
      case PREFILL ->
          new Part(span, Source.PREFILL, null, hash, use == null ? COMPUTED : use.why());
      case SHIFTED -> shaped(span, Fidelity.SHIFTED, hash, use);
      case APPROXIMATE -> shaped(span, Fidelity.APPROXIMATE, hash, use);
    };
  }

  private static Part shaped(
      TokenSpan span, Fidelity fidelity, BlockHash hash, @Nullable ShiftedUse use) {
    if (use == null || !use.used()) {
      String why = use == null ? behind(fidelity) : behind(fidelity) + "; " + use.why();
      return new Part(span, Source.PREFILL, fidelity, hash, why);
    }
    String source = use.sourceBlockHash().hex() + ": " + use.why();
    String why =
        use.isApproximate()
            ? "similar tokens (%.3f) are stored, as block "
                    .formatted(Objects.requireNonNullElse(use.similarity(), Double.NaN))
                + source
            : "the same tokens are stored behind others, as block " + source;
    return new Part(span, Source.FRAGMENT, fidelity, hash, why);
  }

  private static String behind(Fidelity fidelity) {
    return BEHIND.formatted(fidelity.name().toLowerCase(Locale.ROOT));
  }

  private static boolean continues(Segment last, Part part) {
    return last.source() == part.source()
        && last.fidelity() == part.fidelity()
        && last.why().equals(part.why());
  }

  private static Segment joined(Segment last, Part part) {
    List<BlockHash> hashes = new ArrayList<>(last.blockHashes());
    if (part.hash() != null) {
      hashes.add(part.hash());
    }
    return new Segment(
        new TokenSpan(last.tokenSpan().from(), part.span().to()),
        last.source(),
        last.fidelity(),
        List.copyOf(hashes),
        last.locations(),
        last.why(),
        null);
  }

  private static Segment segment(Part part, List<Location> locations) {
    return new Segment(
        part.span(),
        part.source(),
        part.fidelity(),
        part.hash() == null ? List.of() : List.of(part.hash()),
        part.fidelity() == Fidelity.EXACT ? locations : List.of(),
        part.why(),
        null);
  }
}
