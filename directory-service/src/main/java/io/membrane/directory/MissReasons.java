package io.membrane.directory;

import static java.util.stream.Collectors.joining;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.directory.Chains.Chain;
import io.membrane.directory.location.Gone;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.directory.location.Place;
import io.membrane.rpc.CallContext;
import io.membrane.tenancy.Policies;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.Miss;
import io.membrane.wire.Miss.MissReason;
import io.membrane.wire.Miss.OtherNamespace;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says why a match ends where it does, from what the caller's sharing domain knows and nothing
 * else: what another tenant stored, or removed, is never a reason.
 */
final class MissReasons {

  /** Namespaces of the same model that are tried, those that were told of last. */
  private static final int MAX_TRIED = 64;

  private final Image image;
  private final Namespaces namespaces;
  private final Policies policies;

  MissReasons(Image image, Namespaces namespaces, Policies policies) {
    this.image = image;
    this.namespaces = namespaces;
    this.policies = policies;
  }

  /**
   * Why the first block behind the longest run over a cluster does not continue it.
   *
   * @param answer to {@code chain} and {@code needs}
   * @return null if the run is the whole chain
   */
  @Nullable Miss of(Chain chain, Set<Slice> needs, MatchResponse answer, String domain) {
    int block = answer.clusters().isEmpty() ? 0 : answer.clusters().getFirst().matchedBlocks();
    if (block >= chain.blocks().size()) {
      return null;
    }
    BlockHash hash = chain.blocks().get(block);
    KnownBlock known = image.block(hash, domain);
    if (known != null && known.gone() == null) {
      return there(block, known, needs);
    }
    List<OtherNamespace> others = List.of();
    if (block == 0 && chain.tokens() != null && chain.namespace() != null) {
      others = others(chain.tokens(), chain.namespace(), domain);
    }
    Gone gone = known == null ? null : known.gone();
    return gone == null ? neverStored(block, hash, others) : gone(block, hash, gone, others);
  }

  private static Miss there(int block, KnownBlock known, Set<Slice> needs) {
    Set<Slice> stored =
        known.copies().stream().map(KnownBlock.Copy::slice).collect(Collectors.toSet());
    Set<Slice> missing = new HashSet<>(needs);
    missing.removeAll(stored);
    if (!missing.isEmpty()) {
      String list = missing.stream().map(Slice::toString).sorted().limit(8).collect(joining(", "));
      return new Miss(
          MissReason.SLICES_MISSING,
          block,
          known.hash(),
          null,
          null,
          List.of(),
          "stored without %d of the slices that are needed: %s".formatted(missing.size(), list));
    }
    boolean isOfAnyUse =
        !needs.isEmpty() || stored.stream().anyMatch(s -> s.kind() == Slice.Kind.ATTN);
    return new Miss(
        isOfAnyUse ? MissReason.ELSEWHERE : MissReason.SLICES_MISSING,
        block,
        known.hash(),
        null,
        null,
        List.of(),
        isOfAnyUse
            ? "stored, but in no cluster that has the blocks before it too"
            : "stored without any attention slice");
  }

  private static Miss neverStored(int block, BlockHash hash, List<OtherNamespace> others) {
    return new Miss(
        MissReason.NEVER_STORED,
        block,
        hash,
        null,
        null,
        others,
        "never stored, or longer ago than is remembered" + under(others));
  }

  private Miss gone(int block, BlockHash hash, Gone gone, List<OtherNamespace> others) {
    Place place = gone.place();
    MissReason reason =
        switch (gone.why()) {
          case NEVER_STORED -> MissReason.NEVER_STORED;
          case REMOVED -> MissReason.REMOVED;
          case EXPIRED -> MissReason.EXPIRED;
          case CLEARED -> MissReason.CLEARED;
          case LOST -> MissReason.NODE_LOST;
        };
    String how =
        switch (reason) {
          case REMOVED -> "deleted or evicted";
          case EXPIRED -> "expired";
          case CLEARED -> "its node was cleared or began anew";
          case NODE_LOST -> "its node was lost";
          case NEVER_STORED, SLICES_MISSING, ELSEWHERE -> "gone";
        };
    String where =
        place == null
            ? ""
            : ", last at cluster %s, node %s, tier %s"
                .formatted(place.source().cluster(), place.source().node(), place.tier());
    return new Miss(
        reason,
        block,
        hash,
        gone.atMs(),
        place == null
            ? null
            : new DirectoryClient.Place(
                place.source().cluster(),
                place.source().node(),
                place.tier(),
                List.of(),
                place.source().region(),
                image.isStale(place.source()) ? Boolean.TRUE : null),
        others,
        how + " at " + Instant.ofEpochMilli(gone.atMs()) + where + under(others));
  }

  private static String under(List<OtherNamespace> others) {
    return others.isEmpty()
        ? ""
        : "; its tokens are stored under "
            + others.stream()
                .map(other ->
                    "%s %s %s in blocks of %d%s"
                        .formatted(
                            other.namespace().model(),
                            other.namespace().revision(),
                            other.namespace().kvDtype(),
                            other.namespace().blockTokens(),
                            other.sameSalt() ? "" : ", with another sharing salt"))
                .collect(joining("; "));
  }

  /** One hash of the first block for each namespace and root that the caller may know. */
  private List<OtherNamespace> others(Tokens tokens, Namespace asked, String domain) {
    String tenant = CallContext.tenantOfCall();
    Predicate<String> sharesWith = other -> policies.domain(other).equals(domain);
    List<OtherNamespace> found = new ArrayList<>();
    image.namespaces().stream()
        .filter(n -> n.model().equals(asked.model()) && n.blockTokens() <= tokens.length())
        .limit(MAX_TRIED)
        .forEach(namespace ->
            namespaces
                .roots(namespace, tenant, sharesWith)
                .forEach((root, isOwn) -> {
                  if ((!isOwn || !namespace.equals(asked))
                      && isStored(namespace, root, tokens, domain)) {
                    found.add(new OtherNamespace(namespace, isOwn));
                  }
                }));
    found.sort(
        Comparator.comparing((OtherNamespace other) -> other.namespace().toString())
            .thenComparing(OtherNamespace::sameSalt));
    return List.copyOf(found);
  }

  private boolean isStored(Namespace namespace, BlockHash root, Tokens tokens, String domain) {
    int length = namespace.blockTokens();
    BlockHash first = BlockHasher.chain(root, length, tokens.slice(0, length)).getFirst();
    return image.leading(List.of(first), domain) == 1;
  }
}
