package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.PrefillProfile;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.Embedding;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.Profile;
import io.membrane.wire.ComputeClient.ProfileList;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.DirectoryClient.SearchResponse;
import io.membrane.wire.FragmentClient.Existence;
import io.membrane.wire.LogPosition;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.Model;
import io.membrane.wire.Model.Capability;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.PrefillResponse.Unstored;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.TransferBlock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Holds what other services answer against the contract. JSON that is well-formed may still lack a
 * field or contradict itself; such an answer is an unavailable dependency, never data.
 */
final class Answers {

  private Answers() {}

  static List<Model> models(Cluster cluster, @Nullable ModelList answer) {
    return kept(
            "the compute-worker of cluster " + cluster.name(),
            answer,
            a -> a.data() != null && a.data().stream().allMatch(Answers::whole))
        .data();
  }

  /** Of each namespace that is measured; a profile that contradicts itself breaks the contract. */
  static Map<Namespace, PrefillProfile> profiles(Cluster cluster, @Nullable ProfileList answer) {
    String peer = "the compute-worker of cluster " + cluster.name();
    ProfileList list =
        kept(peer, answer, a -> a.data() != null && a.data().stream().allMatch(Answers::whole));
    Map<Namespace, PrefillProfile> profiles = new HashMap<>();
    for (Profile profile : list.data()) {
      if (!profile.points().isEmpty()) {
        try {
          profiles.put(profile.namespace(), new PrefillProfile(profile.points()));
        } catch (IllegalArgumentException e) {
          throw broken(peer, e);
        }
      }
    }
    return profiles;
  }

  static ResolvedNamespace resolved(@Nullable ResolvedNamespace answer) {
    return kept("directory-service", answer, a -> present(a.namespace(), a.root()));
  }

  static TokenizeResponse tokens(@Nullable TokenizeResponse answer) {
    return kept("the compute-worker", answer, a -> present(a.tokens()));
  }

  static MatchResponse match(Prompt prompt, @Nullable MatchResponse answer) {
    return kept(
        "directory-service",
        answer,
        a ->
            a.matches() != null
                && a.matches().stream().allMatch(m -> whole(m, prompt.blocks()))
                && (a.why() == null || present(a.why().detail())));
  }

  /** One for each block asked for, in order. */
  static List<LocatedBlock> located(List<BlockHash> asked, @Nullable LocateResponse answer) {
    return kept(
            "directory-service",
            answer,
            a ->
                a.blocks() != null
                    && a.blocks().size() == asked.size()
                    && IntStream.range(0, asked.size())
                        .allMatch(i -> whole(a.blocks().get(i), asked.get(i))))
        .blocks();
  }

  /** One for each key asked for, in order. */
  static List<Boolean> exists(int asked, @Nullable Existence answer) {
    return kept(
            "fragment-service",
            answer,
            a ->
                a.present() != null
                    && a.present().size() == asked
                    && a.present().stream().allMatch(Objects::nonNull))
        .present();
  }

  static RouteResponse route(List<Served> offered, @Nullable RouteResponse answer) {
    return kept(
        "scheduler-service",
        answer,
        a ->
            present(a.target(), a.regime(), a.expected(), a.reason())
                && offered.stream().anyMatch(s -> s.cluster().name().equals(a.target()))
                && (a.transfer() == null
                    || (a.target().equals(a.transfer().to()) && present(a.transfer().from()))));
  }

  static PrefillResponse prefilled(Plan plan, boolean nextToken, @Nullable PrefillResponse answer) {
    return kept(
        "the compute-worker",
        answer,
        a ->
            present(a.blocks(), a.prefixMissing(), a.timingsMs())
                && (a.provider() == null ? computed(plan, a) : a.blocks().isEmpty())
                && isWhole(a.unstored())
                && (!nextToken || present(a.nextToken()))
                && (a.logPosition() == null || LogPosition.isPosition(a.logPosition())));
  }

  /** A tail of exactly those tokens, its parts as long as they say. */
  static TransferBlock tail(TokenSpan span, @Nullable TransferBlock answer) {
    return kept(
        "the compute-worker",
        answer,
        a ->
            present(a.id(), a.parts(), a.digest())
                && span.equals(a.tokenSpan())
                && !a.parts().isEmpty()
                && a.parts().stream()
                    .allMatch(part ->
                        part != null
                            && present(part.slice(), part.signature())
                            && part.bytes() >= 0));
  }

  /** One for each input, in order. */
  static List<float[]> embeddings(int asked, @Nullable EmbeddingList answer) {
    return kept(
            "the compute-worker",
            answer,
            a ->
                a.data() != null
                    && a.data().size() == asked
                    && a.data().stream().allMatch(e -> e != null && present(e.embedding())))
        .data()
        .stream()
        .map(Embedding::embedding)
        .toList();
  }

  /** Blocks with their spans and places. */
  static SearchResponse found(@Nullable SearchResponse answer) {
    return kept(
        "directory-service",
        answer,
        a ->
            a.matches() != null
                && a.matches().stream()
                    .allMatch(f ->
                        f != null
                            && present(f.blockHash(), f.tokenSpan(), f.places())
                            && f.places().stream().allMatch(Answers::whole)));
  }

  private static boolean whole(@Nullable Place place) {
    return place != null && present(place.cluster(), place.tier(), place.slices());
  }

  private static boolean computed(Plan plan, PrefillResponse answer) {
    return counts(plan, answer)
        && answer.blocks().size() == plan.prompt().blocks()
        && IntStream.range(0, answer.blocks().size())
            .allMatch(i -> whole(answer.blocks().get(i), plan.prompt().blockHashes().get(i)))
        && reuses(plan, answer);
  }

  /** What was reused is among what was to be reused, wherever in it. */
  private static boolean reuses(Plan plan, PrefillResponse answer) {
    int[] reused =
        IntStream.range(0, answer.blocks().size())
            .filter(i -> answer.blocks().get(i).source() == Source.FRAGMENT)
            .toArray();
    return plan.prompt().tokens(reused.length) == answer.tokensReused()
        && (reused.length == 0 || reused[reused.length - 1] < plan.reusedBlocks());
  }

  static boolean isWhole(@Nullable Unstored unstored) {
    return unstored == null
        || (unstored.keys() != null
            && unstored.keys().stream().allMatch(Objects::nonNull)
            && present(unstored.detail()));
  }

  /** The last token may be computed again for the next one, so the sum may exceed the prompt. */
  private static boolean counts(Plan plan, PrefillResponse answer) {
    Prompt prompt = plan.prompt();
    return answer.totalTokens() == prompt.totalTokens()
        && answer.tokensReused() >= 0
        && answer.tokensReused() <= prompt.tokens(plan.reusedBlocks())
        && answer.tokensReused() % prompt.blockTokens() == 0
        && answer.tokensComputed() >= prompt.totalTokens() - answer.tokensReused();
  }

  private static boolean whole(@Nullable PrefilledBlock block, BlockHash hash) {
    return block != null && present(block.source()) && hash.equals(block.blockHash());
  }

  private static boolean whole(@Nullable Model model) {
    return model != null
        && present(model.id(), model.namespace())
        && (model.signature() != null || !model.offers(Capability.KV))
        && Needs.isWhole(model.needs());
  }

  private static boolean whole(@Nullable Profile profile) {
    return profile != null
        && present(profile.namespace(), profile.points())
        && profile.points().stream().allMatch(Objects::nonNull);
  }

  private static boolean whole(@Nullable Match match, int blocks) {
    return match != null
        && present(match.cluster(), match.node(), match.tier())
        && match.matchedBlocks() >= 0
        && match.matchedBlocks() <= blocks;
  }

  private static boolean whole(@Nullable LocatedBlock block, BlockHash asked) {
    return block != null
        && asked.equals(block.blockHash())
        && block.places() != null
        && block.places().stream().allMatch(p -> p != null && present(p.tier(), p.slices()));
  }

  static boolean present(@Nullable Object... fields) {
    for (Object field : fields) {
      if (field == null) {
        return false;
      }
    }
    return true;
  }

  static <T> T kept(String peer, @Nullable T answer, Predicate<T> contract) {
    if (answer == null || !contract.test(answer)) {
      throw broken(peer, null);
    }
    return answer;
  }

  private static MembraneException broken(String peer, @Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        peer + " gave an answer that breaks the contract; try again, and check its version",
        cause);
  }
}
