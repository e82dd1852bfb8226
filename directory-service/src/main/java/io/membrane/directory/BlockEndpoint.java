package io.membrane.directory;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.coaccess.Related;
import io.membrane.directory.location.Gone;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.directory.location.Place;
import io.membrane.directory.location.Source;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Operation;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * What is known of one block, to callers of a sharing domain that has or had it: to all others it
 * is as if it had never been.
 */
@RestController
class BlockEndpoint {

  static final int MAX_CHILDREN = 100;

  private final Image image;
  private final CoAccess coAccess;
  private final Matches matches;

  BlockEndpoint(Image image, CoAccess coAccess, Matches matches) {
    this.image = image;
    this.coAccess = coAccess;
    this.matches = matches;
  }

  /** Whether a block has fragments now. */
  enum State {
    PRESENT,
    GONE
  }

  /**
   * A block.
   *
   * @param parentHash null for a first block, and where the block before is forgotten
   * @param children blocks that follow and have fragments, in the order of their hashes
   * @param moreChildren whether more follow than are named
   * @param uses how often sessions used it, recent uses counting more
   * @param gone why it has no fragments; null while it has
   */
  record Block(
      BlockHash blockHash,
      Namespace namespace,
      @Nullable BlockHash parentHash,
      int blockIndex,
      TokenSpan tokenSpan,
      State state,
      List<BlockPlace> places,
      List<BlockHash> children,
      boolean moreChildren,
      double uses,
      @Nullable End gone) {}

  /**
   * A place of its fragments.
   *
   * @param region null for this one
   * @param stale true if the region has not been heard of lately, otherwise null
   */
  record BlockPlace(
      @Nullable String region,
      @Nullable Boolean stale,
      String cluster,
      String node,
      String tier,
      List<Fragment> slices) {}

  /**
   * A fragment.
   *
   * @param expiresAtMs Unix time, to the second; null if it has no end
   */
  record Fragment(Slice slice, long bytes, @Nullable Long expiresAtMs) {}

  /** What became of the last fragment, when, and where that was. */
  record End(
      Gone.Why why,
      long atMs,
      @Nullable String region,
      @Nullable String cluster,
      @Nullable String node,
      @Nullable String tier) {}

  /** Blocks that are used with one, the likeliest first. */
  record RelatedBlocks(List<RelatedBlock> related) {}

  /**
   * One of them.
   *
   * @param weight estimated share of the uses that this one goes with, over 0 to 1
   */
  record RelatedBlock(BlockHash blockHash, double weight, Related.Kind kind) {}

  @Operation(
      summary = "What a block is and where it lies",
      description = "404 unless the caller's sharing domain has it, or had it last")
  @GetMapping("/v1/directory/blocks/{hash}")
  Block block(@PathVariable String hash) {
    String domain = matches.domain();
    BlockHash parsed = parse(hash);
    KnownBlock known = image.block(parsed, domain);
    if (known == null) {
      throw new MembraneException(ErrorCode.NOT_FOUND, "block " + hash + " is not known");
    }
    List<BlockHash> children = image.children(parsed, MAX_CHILDREN + 1, domain);
    return new Block(
        parsed,
        known.namespace(),
        known.parent(),
        known.tokenSpan().from() / known.namespace().blockTokens(),
        known.tokenSpan(),
        known.gone() == null ? State.PRESENT : State.GONE,
        places(known.copies()),
        children.stream().limit(MAX_CHILDREN).sorted().toList(),
        children.size() > MAX_CHILDREN,
        coAccess.uses(domain, parsed),
        known.gone() == null ? null : end(known.gone()));
  }

  @Operation(
      summary = "Blocks that are used with a block",
      description = "Learnt from the contexts of the caller's sharing domain; empty if nothing is")
  @GetMapping("/v1/directory/blocks/{hash}/related")
  RelatedBlocks related(@PathVariable String hash, @RequestParam(defaultValue = "10") int k) {
    if (k < 1 || k > CoAccess.MAX_RELATED) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, "k is 1 to " + CoAccess.MAX_RELATED);
    }
    return new RelatedBlocks(
        coAccess.related(matches.domain(), parse(hash), k).stream()
            .map(r -> new RelatedBlock(r.block(), r.weight(), r.kind()))
            .toList());
  }

  private List<BlockPlace> places(List<KnownBlock.Copy> copies) {
    Map<BlockPlace, List<Fragment>> fragments =
        copies.stream()
            .collect(
                groupingBy(
                    copy -> at(copy.place()),
                    () ->
                        new TreeMap<>(
                            Comparator.comparing(
                                    BlockPlace::region,
                                    Comparator.nullsFirst(Comparator.<String>naturalOrder()))
                                .thenComparing(BlockPlace::cluster)
                                .thenComparing(BlockPlace::node)
                                .thenComparing(BlockPlace::tier)),
                    mapping(BlockEndpoint::fragment, toList())));
    return fragments.entrySet().stream()
        .map(e ->
            new BlockPlace(
                e.getKey().region(),
                e.getKey().stale(),
                e.getKey().cluster(),
                e.getKey().node(),
                e.getKey().tier(),
                e.getValue().stream()
                    .sorted(Comparator.comparing(f -> f.slice().toString()))
                    .toList()))
        .toList();
  }

  private BlockPlace at(Place place) {
    Source source = place.source();
    Boolean stale = image.isStale(source) ? Boolean.TRUE : null;
    return new BlockPlace(
        source.region(), stale, source.cluster(), source.node(), place.tier(), List.of());
  }

  private static Fragment fragment(KnownBlock.Copy copy) {
    Long end = copy.expiresAtMs() == Long.MAX_VALUE ? null : Long.valueOf(copy.expiresAtMs());
    return new Fragment(copy.slice(), copy.bytes(), end);
  }

  private static End end(Gone gone) {
    Place place = gone.place();
    return place == null
        ? new End(gone.why(), gone.atMs(), null, null, null, null)
        : new End(
            gone.why(),
            gone.atMs(),
            place.source().region(),
            place.source().cluster(),
            place.source().node(),
            place.tier());
  }

  private static BlockHash parse(String hash) {
    try {
      return BlockHash.parse(hash);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }
}
