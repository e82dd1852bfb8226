package io.membrane.directory.indexer;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.directory.location.Place;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that engines of this region hold, as events that would make an empty index say so. The events
 * are formed as Dynamo's are, but name blocks by our hashes, in hex: those of Dynamo can be
 * computed by those alone who know the tokens.
 */
public final class Dump {

  private final Image image;
  private final int maxEvents;

  /**
   * Of what {@code image} knows.
   *
   * @param maxEvents more are refused
   */
  public Dump(Image image, int maxEvents) {
    this.image = image;
    this.maxEvents = maxEvents;
  }

  /**
   * A model's blocks.
   *
   * @param events parents before their children
   */
  public record Blocks(int blockSize, Namespace namespace, List<WorkerEvent> events) {}

  /**
   * What a worker says.
   *
   * @param workerId {@link Rank#id} of its instance
   * @param instanceName its name
   * @param medium our tier
   */
  public record WorkerEvent(
      BigInteger workerId, String instanceName, String medium, KvEvent event) {}

  public record KvEvent(int eventId, Data data, int dpRank) {}

  public record Data(Stored stored) {}

  /**
   * What is there now.
   *
   * @param parentHash null for a first block, and where the parent was forgotten
   */
  public record Stored(@Nullable BlockHash parentHash, List<StoredBlock> blocks) {}

  public record StoredBlock(BlockHash blockHash) {}

  private record Copy(KnownBlock block, Rank rank, String tier) {}

  /**
   * By {@code model:tenant}; where several namespaces are of one model, by {@code
   * model:revision:kv_dtype:block_tokens:tenant}.
   *
   * @param domain whose copies count
   * @param tenant who asks
   * @throws MembraneException {@link ErrorCode#TOO_LARGE} if it takes more events than allowed
   */
  public Map<String, Blocks> of(String domain, String tenant) {
    Map<Namespace, List<Copy>> copies = copies(domain);
    Map<String, Blocks> dump = new TreeMap<>();
    copies.forEach((namespace, held) -> {
      held.sort(
          Comparator.comparingInt((Copy copy) -> copy.block().tokenSpan().from())
              .thenComparing(copy -> copy.rank().node())
              .thenComparing(Copy::tier)
              .thenComparing(copy -> copy.block().hash().hex()));
      List<WorkerEvent> events = new ArrayList<>();
      for (Copy copy : held) {
        events.add(event(copy, events.size()));
      }
      String model = namespace.model();
      boolean isAlone =
          copies.keySet().stream().filter(other -> other.model().equals(model)).count() == 1;
      String name =
          isAlone
              ? model
              : String.join(
                  ":",
                  model,
                  namespace.revision(),
                  namespace.kvDtype(),
                  Integer.toString(namespace.blockTokens()));
      dump.put(name + ":" + tenant, new Blocks(namespace.blockTokens(), namespace, events));
    });
    return dump;
  }

  private Map<Namespace, List<Copy>> copies(String domain) {
    Map<Namespace, List<Copy>> copies = new HashMap<>();
    int[] count = {0};
    image.forEach(block -> {
      Set<Copy> held = new LinkedHashSet<>();
      for (KnownBlock.Copy copy : block.copies()) {
        Place place = copy.place();
        if (place.source().region() == null
            && place.source().domain().equals(domain)
            && Tiers.isOfEngine(place.tier())
            && copy.slice().kind() == Slice.Kind.ATTN) {
          held.add(new Copy(block, Rank.of(place.source().node()), place.tier()));
        }
      }
      count[0] += held.size();
      if (count[0] > maxEvents) {
        throw new MembraneException(
            ErrorCode.TOO_LARGE,
            "engines hold more than the %d blocks that a dump names; ask for prompts by /query"
                .formatted(maxEvents));
      }
      if (!held.isEmpty()) {
        copies.computeIfAbsent(block.namespace(), n -> new ArrayList<>()).addAll(held);
      }
    });
    return copies;
  }

  private static WorkerEvent event(Copy copy, int number) {
    KnownBlock block = copy.block();
    Stored stored = new Stored(block.parent(), List.of(new StoredBlock(block.hash())));
    return new WorkerEvent(
        Rank.id(copy.rank().instance()),
        copy.rank().instance(),
        copy.tier(),
        new KvEvent(number, new Data(stored), copy.rank().number()));
  }
}
