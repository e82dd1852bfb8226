package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.Embedding;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.EmbeddingUsage;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.Profile;
import io.membrane.wire.ComputeClient.ProfileList;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.Model;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.PrefillResponse.Unstored;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import io.membrane.wire.TransferBlock;
import io.membrane.wire.TransferBlock.TransferPart;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A worker whose KV is a function of the block hash and whose tokens are characters. A hybrid one
 * keeps a state at every second block and at the last.
 */
final class MiniWorker {

  static final int PAYLOAD_BYTES = 3000;

  private static final String TAILS = "/v1/transfer-blocks/";

  final Peer peer = new Peer();
  private final Map<String, byte[]> tails = new ConcurrentHashMap<>();
  private volatile String node = UUID.randomUUID().toString();
  private final MiniFleet fleet;
  private final String cluster;
  private final Namespace namespace;
  private final Slice attention;
  private final @Nullable Slice state;
  private volatile @Nullable MembraneException refusal;
  private volatile boolean fetches = true;
  private volatile double fetchMs = 1;
  private volatile Set<Integer> outrun = Set.of();
  private volatile Set<Integer> lost = Set.of();
  private volatile int storedBlocks = Integer.MAX_VALUE;
  private volatile @Nullable List<ProfilePoint> profile;
  private volatile Runnable beforePrefill = () -> {};

  MiniWorker(MiniFleet fleet, String cluster) {
    this(fleet, cluster, MiniFleet.NAMESPACE, MiniFleet.SLICE, null);
  }

  MiniWorker(
      MiniFleet fleet,
      String cluster,
      Namespace namespace,
      Slice attention,
      @Nullable Slice state) {
    this.fleet = fleet;
    this.cluster = cluster;
    this.namespace = namespace;
    this.attention = attention;
    this.state = state;
    peer.on("/v1/models", Void.class, (call, r) -> models())
        .on("/v1/profile", Void.class, (call, r) -> profile())
        .on("/v1/embeddings", EmbeddingRequest.class, (call, r) -> embeddings(r))
        .on("/v1/tokenize", TokenizeRequest.class, (call, r) -> tokenize(r))
        .on("/v1/prefill", PrefillRequest.class, (call, r) -> prefill(call.tenant(), r))
        .onStream(TAILS, Void.class, (call, r) -> tail(call));
  }

  /** Its process ends and another one begins: whoever waits for a tail waits for nothing. */
  void restart() {
    node = UUID.randomUUID().toString();
    tails.clear();
  }

  /** Tails that nobody has fetched. */
  int tailsHeld() {
    return tails.size();
  }

  /** The tail's KV: a byte for each of its tokens, and of a hybrid worker, 64 for the state. */
  private @Nullable TransferBlock hold(PrefillRequest r, Tokens tokens) {
    int from = tokens.length() / namespace.blockTokens() * namespace.blockTokens();
    if (!Boolean.TRUE.equals(r.tail()) || from == tokens.length()) {
      return null;
    }
    TokenSpan span = new TokenSpan(from, tokens.length());
    ByteBuffer bytes = ByteBuffer.allocate(span.to() - span.from() + (state == null ? 0 : 64));
    IntStream.range(from, tokens.length()).forEach(i -> bytes.put((byte) tokens.get(i)));
    String id = node + TransferBlock.SEPARATOR + tails.size();
    tails.put(id, bytes.array());
    List<TransferPart> parts = new ArrayList<>();
    parts.add(new TransferPart(attention, span.to() - span.from(), signature(span)));
    if (state != null) {
      parts.add(new TransferPart(state, 64, signature(span)));
    }
    return new TransferBlock(id, span, parts, ContentDigest.of(bytes.array()), 60_000);
  }

  private Peer.Body tail(Peer.Call call) {
    byte[] bytes = tails.remove(call.uri().substring(TAILS.length()));
    if (bytes == null) {
      throw new MembraneException(ErrorCode.NOT_FOUND, "there is no such transfer block");
    }
    return new Peer.Body() {
      @Override
      public void writeTo(OutputStream out) throws IOException {
        out.write(bytes);
      }

      @Override
      public Map<String, String> headers() {
        return Map.of("Repr-Digest", ContentDigest.of(bytes).toReprDigest());
      }
    };
  }

  /** From now on every prefill ends in this. */
  void refuse(MembraneException problem) {
    refusal = problem;
  }

  /** What it has measured; null if it does not know the path. */
  void measured(@Nullable List<ProfilePoint> points) {
    profile = points;
  }

  /** From now on it says that every fetch takes this long. */
  void fetchesIn(double ms) {
    fetchMs = ms;
  }

  /** From now on it does not reach fragment-service to fetch. */
  void cannotFetch() {
    fetches = false;
  }

  /** From now on it computes these blocks of a prefix before they have come. */
  void outruns(Integer... blocks) {
    outrun = Set.of(blocks);
  }

  /** From now on these blocks of a prefix do not come. */
  void loses(Integer... blocks) {
    lost = Set.of(blocks);
  }

  /** From now on no block from this one on can be stored. */
  void storesUpTo(int block) {
    storedBlocks = block;
  }

  /** From now on every prefill begins with this. */
  void beforePrefill(Runnable event) {
    beforePrefill = event;
  }

  void reset() {
    refusal = null;
    tails.clear();
    beforePrefill = () -> {};
    fetches = true;
    fetchMs = 1;
    outrun = Set.of();
    lost = Set.of();
    storedBlocks = Integer.MAX_VALUE;
  }

  private ModelList models() {
    Signature signature = signature(new TokenSpan(0, namespace.blockTokens()));
    List<Slice> needs = state == null ? null : List.of(attention, state);
    return new ModelList(
        "list",
        List.of(new Model("tiny", "model", "membrane", namespace, signature).needing(needs)),
        node);
  }

  private Signature signature(TokenSpan span) {
    return new Signature(namespace, Signature.LAYOUT, MiniFleet.LAYERS, 2, 8, span, "rope", 10_000);
  }

  private ProfileList profile() {
    List<ProfilePoint> points = profile;
    if (points == null) {
      throw new MembraneException(ErrorCode.NOT_FOUND, "no such path");
    }
    return new ProfileList(List.of(new Profile("tiny", MiniFleet.NAMESPACE, "cpu", points)));
  }

  private static TokenizeResponse tokenize(TokenizeRequest r) {
    int[] ids = r.text().chars().toArray();
    return new TokenizeResponse(Tokens.ofInts(ids), ids.length);
  }

  private EmbeddingList embeddings(EmbeddingRequest r) {
    List<Tokens> chunks = r.input().tokens();
    List<Embedding> data = new ArrayList<>();
    for (Tokens chunk : chunks) {
      data.add(new Embedding("embedding", data.size(), MiniFleet.embedding(chunk)));
    }
    return new EmbeddingList("list", data, "tiny", namespace, new EmbeddingUsage(0, 0));
  }

  private PrefillResponse prefill(String tenant, PrefillRequest r) {
    beforePrefill.run();
    if (refusal != null) {
      throw refusal;
    }
    if (!fetches && r.prefix() != null) {
      throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "fragment-service is away");
    }
    Tokens tokens = Objects.requireNonNull(r.tokens());
    List<BlockHash> chain =
        BlockHasher.chain(fleet.root(namespace, tenant), namespace.blockTokens(), tokens);
    List<BlockHash> prefix = r.prefix() == null ? List.of() : r.prefix().blockHashes();
    if (prefix.size() > chain.size() || !chain.subList(0, prefix.size()).equals(prefix)) {
      throw new MembraneException(ErrorCode.PREFIX_MISMATCH, "not the hashes of these tokens");
    }
    Shifted shifted = r.shifted();
    List<ShiftedUse> uses = shifted == null ? List.of() : uses(shifted);
    int exact =
        uses.stream()
            .filter(ShiftedUse::used)
            .findFirst()
            .map(MiniWorker::block)
            .orElse(chain.size());
    int approximate =
        uses.stream()
            .filter(use -> use.used() && use.isApproximate())
            .findFirst()
            .map(MiniWorker::block)
            .orElse(chain.size());
    chain = renamed(chain, exact, tokens);
    boolean next = Boolean.TRUE.equals(r.nextToken());
    int reused = reused(prefix, next ? (tokens.length() - 1) / 16 : chain.size());
    @Nullable String position = null;
    List<PrefilledBlock> blocks = new ArrayList<>();
    List<FragmentKey> unstored = new ArrayList<>();
    List<BlockHash> missing = new ArrayList<>();
    int used = 0;
    for (int i = 0; i < chain.size(); i++) {
      byte[] payload = MiniFleet.kv(chain.get(i), PAYLOAD_BYTES);
      boolean fetched = i < reused && !outrun.contains(i) && !lost.contains(i);
      used += fetched ? 1 : 0;
      if (i < prefix.size() && (i >= reused || lost.contains(i))) {
        missing.add(chain.get(i));
      }
      if (!fetched && i >= storedBlocks) {
        unstored.add(key(chain.get(i)));
      } else if (!fetched) {
        position = fleet.put(cluster, key(chain.get(i)), payload);
      }
      if (state != null && i >= reused && (i % 2 == 1 || i == chain.size() - 1)) {
        position = fleet.put(cluster, new FragmentKey(chain.get(i), state), new byte[64]);
      }
      Source source =
          i >= approximate ? Source.APPROXIMATE : i < exact ? Source.PREFILL : Source.SHIFTED;
      blocks.add(block(chain, i, fetched ? Source.FRAGMENT : source, payload));
    }
    int reusedTokens = used * namespace.blockTokens();
    return new PrefillResponse(
        "tiny",
        namespace,
        tokens.length(),
        reusedTokens,
        Math.max(tokens.length() - reusedTokens, next ? 1 : 0),
        blocks,
        missing,
        next ? new NextToken(65, "A", 0.5f) : null,
        "cpu",
        new PrefillTimings(fetchMs, 2, 3, fetchMs + 5),
        position,
        null,
        shifted == null
            ? null
            : new ShiftedReport(
                uses, uses.stream().mapToInt(ShiftedUse::keptTokens).sum(), 0.15, null),
        null,
        hold(r, tokens),
        unstored.isEmpty() ? null : new Unstored(unstored, "storage_full", "no space left"));
  }

  /** A block that is there keeps 12 of its tokens. */
  private List<ShiftedUse> uses(Shifted shifted) {
    return shifted.blocks().stream()
        .map(b -> {
          boolean used = fleet.has(key(b.sourceBlockHash()));
          return new ShiftedUse(
              b.tokenSpan(),
              b.sourceBlockHash(),
              used,
              used ? 12 : 0,
              b.mayDiffer() && used ? 4 : 0,
              used ? "12 kept" : "computed: it is not stored",
              b.similarity(),
              b.mayDiffer()
                  ? List.of(new TokenSpan(b.tokenSpan().from(), b.tokenSpan().from() + 12))
                  : null);
        })
        .toList();
  }

  private static int block(ShiftedUse use) {
    return use.tokenSpan().from() / MiniFleet.NAMESPACE.blockTokens();
  }

  /** Other names from a block on, which must not be the first. */
  private static List<BlockHash> renamed(List<BlockHash> chain, int from, Tokens tokens) {
    if (from == chain.size()) {
      return chain;
    }
    List<BlockHash> names = new ArrayList<>(chain.subList(0, from));
    Tokens rest = tokens.slice(from * 16, tokens.length());
    names.addAll(BlockHasher.chain(chain.get(from - 1), 16, rest, b -> "a recipe"));
    return names;
  }

  private int reused(List<BlockHash> prefix, int limit) {
    int reused = 0;
    int run = 0;
    while (run < prefix.size() && fleet.has(key(prefix.get(run)))) {
      BlockHash block = prefix.get(run++);
      if (state == null || (run <= limit && fleet.has(new FragmentKey(block, state)))) {
        reused = run;
      }
    }
    return reused;
  }

  private PrefilledBlock block(List<BlockHash> chain, int i, Source source, byte[] payload) {
    return new PrefilledBlock(
        chain.get(i),
        i == 0 ? null : chain.get(i - 1),
        attention,
        new TokenSpan(i * 16, i * 16 + 16),
        payload.length,
        ContentDigest.of(payload),
        source);
  }

  private FragmentKey key(BlockHash hash) {
    return new FragmentKey(hash, attention);
  }
}
