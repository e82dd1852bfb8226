package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.DirectoryClient.BlockPlace;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Described;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.DirectoryClient.RelatedBlock;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.DirectoryClient.SearchResponse;
import io.membrane.wire.DirectoryClient.StoredSlice;
import io.membrane.wire.FragmentClient.Existence;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.Miss;
import io.membrane.wire.Miss.MissReason;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The other services, backed by maps: what is stored is what was put, nothing is played back. */
final class MiniFleet {

  /** What the directory says of every block that it does not name. */
  static final String REMOVED = "deleted or evicted at noon";

  static final Namespace NAMESPACE = new Namespace("tiny-llama", "r1", "f32", 16);
  static final int LAYERS = 2;
  static final Slice SLICE = Slice.attention(LAYERS);

  private static final StoredSlice KV = new StoredSlice(SLICE, MiniWorker.PAYLOAD_BYTES);

  final Peer directory = new Peer();
  final Peer fragments = new Peer();
  final Peer scheduler = new Peer();
  final MiniWorker local = new MiniWorker(this, "local");
  final MiniWorker far = new MiniWorker(this, "far");

  private final Map<FragmentKey, byte[]> bytes = new ConcurrentHashMap<>();
  private final Map<String, Map<FragmentKey, Boolean>> named = new ConcurrentSkipListMap<>();
  private final Map<Tokens, List<Found>> chunks = new ConcurrentHashMap<>();
  private final Map<Found, float[]> meanings = new ConcurrentHashMap<>();
  private final Set<FragmentKey> damaged = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Runnable> afterExists = new AtomicReference<>(() -> {});
  private final AtomicInteger log = new AtomicInteger();
  private final Map<String, StoredSlice> snapshots = new ConcurrentHashMap<>();
  private volatile boolean prefetchRefused;
  private volatile Runnable beforeSimilar = () -> {};
  private volatile List<BlockHash> related = List.of();
  private volatile Function<RouteRequest, RouteResponse> routing = MiniFleet::toPd;

  MiniFleet() {
    directory
        .on("/v1/namespaces/resolve", NamespaceRequest.class, this::resolve)
        .on("/v1/directory/match", MatchRequest.class, (call, r) -> match(r))
        .on("/v1/directory/locate", LocateRequest.class, (call, r) -> locate(r))
        .on("/v1/directory/blocks", Void.class, (call, nothing) -> blockAndRelated(call))
        .on("/v1/directory/chunks", DescribeRequest.class, (call, r) -> described())
        .on("/v1/directory/chunks/search", SearchRequest.class, (call, r) -> search(r));
    fragments
        .on("/v1/fragments/exists", Keys.class, (call, r) -> exists(r))
        .on("/v1/fragments/prefetch", Keys.class, (call, r) -> prefetch())
        .onStream("/v1/fragments/batch-get", Keys.class, (call, r) -> out -> frames(r, out));
    scheduler.on("/v1/routes", RouteRequest.class, (call, r) -> routing.apply(r));
  }

  /** Healthy, empty, and everything goes to the pd cluster. */
  void reset() {
    for (Peer peer : List.of(directory, fragments, scheduler, local.peer, far.peer)) {
      peer.reset();
    }
    local.reset();
    far.reset();
    bytes.clear();
    named.clear();
    damaged.clear();
    prefetchRefused = false;
    snapshots.clear();
    beforeSimilar = () -> {};
    related = List.of();
    chunks.clear();
    meanings.clear();
    routing = MiniFleet::toPd;
  }

  void route(Function<RouteRequest, RouteResponse> rule) {
    routing = rule;
  }

  static RouteResponse toPd(RouteRequest request) {
    return to("local", Regime.SCARCE, request);
  }

  static RouteResponse to(String target, Regime regime, RouteRequest request) {
    int cached =
        request.clusters().stream()
            .filter(c -> c.cluster().equals(target))
            .mapToInt(ClusterState::cachedTokens)
            .findFirst()
            .orElseThrow();
    return new RouteResponse(
        target,
        null,
        1000,
        1000,
        request.totalTokens() - cached,
        regime,
        null,
        new Expected(null, null),
        List.of(),
        "test",
        "the test says so");
  }

  /** From now on nothing more is fetched ahead. */
  void refusePrefetch() {
    prefetchRefused = true;
  }

  /** The directory knows a state at the end of this block. */
  void snapshot(BlockHash hash, Slice state, long bytes) {
    snapshots.put(hash.toString(), new StoredSlice(state, bytes));
  }

  /** What every block is used with. */
  void relate(List<BlockHash> blocks) {
    related = blocks;
  }

  /** Both answers in one: each caller ignores what it does not know. */
  private Object blockAndRelated(Peer.Call call) {
    StoredSlice state = snapshots.get(call.uri().substring(call.uri().lastIndexOf('/') + 1));
    List<StoredSlice> slices = state == null ? List.of(KV) : List.of(KV, state);
    return Map.of(
        "places",
        List.of(new BlockPlace(null, "local", "redis", "redis", slices)),
        "related",
        related.stream().map(b -> new RelatedBlock(b, 0.5)).toList());
  }

  private Object prefetch() {
    if (prefetchRefused) {
      throw new MembraneException(ErrorCode.OVERLOADED, "enough is being fetched ahead");
    }
    return Map.of();
  }

  BlockHash root(Namespace namespace, String tenant) {
    return BlockHasher.root(namespace, tenant.equals("default") ? "" : "salt of " + tenant);
  }

  /** Stores a fragment and announces it; the log position of that. */
  String put(String cluster, FragmentKey key, byte[] payload) {
    bytes.put(key, payload);
    named.computeIfAbsent(cluster, c -> new ConcurrentHashMap<>()).put(key, true);
    return position(log.incrementAndGet());
  }

  /** Log position of the newest fragment. */
  String position() {
    return position(log.get());
  }

  private static String position(int entry) {
    return "1700000000000-" + entry;
  }

  /** The bytes go, the directory does not hear of it. */
  void lose(FragmentKey key) {
    bytes.remove(key);
  }

  /** The next answer to an existence question is followed by this. */
  void afterExists(Runnable event) {
    afterExists.set(event);
  }

  /** From now on these tokens are found there, the last told first. */
  void describe(Tokens tokens, String cluster, BlockHash hash, int from) {
    Found found =
        new Found(
            hash,
            new TokenSpan(from, from + tokens.length()),
            1,
            List.of(new Place(cluster, "redis", "redis", List.of(SLICE))));
    chunks.merge(
        tokens, List.of(found), (old, one) -> Stream.concat(one.stream(), old.stream()).toList());
  }

  /** From now on blocks of similar tokens find this one. */
  void mean(Tokens tokens, String cluster, BlockHash hash, int from) {
    TokenSpan span = new TokenSpan(from, from + tokens.length());
    List<Place> places = List.of(new Place(cluster, "redis", "redis", List.of(SLICE)));
    meanings.put(new Found(hash, span, 1, places), embedding(tokens));
  }

  /** From now on every search by embedding begins with this. */
  void beforeSimilar(Runnable event) {
    beforeSimilar = event;
  }

  /** Points where its tokens do, in whatever order. */
  static float[] embedding(Tokens tokens) {
    float[] sum = new float[64];
    LongStream.of(tokens.toLongs()).forEach(token -> sum[(int) (token % 64)]++);
    return sum;
  }

  private static double cosine(float[] a, float[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
  }

  private Described described() {
    return new Described(position(), List.of());
  }

  private SearchResponse search(SearchRequest r) {
    float[] embedding = r.embedding();
    if (embedding != null) {
      beforeSimilar.run();
      return new SearchResponse(
          meanings.entrySet().stream()
              .map(e ->
                  new Found(
                      e.getKey().blockHash(),
                      e.getKey().tokenSpan(),
                      cosine(embedding, e.getValue()),
                      e.getKey().places()))
              .sorted(Comparator.comparingDouble((Found f) -> -f.similarity()))
              .limit(Objects.requireNonNull(r.k()))
              .toList());
    }
    return new SearchResponse(chunks.getOrDefault(Objects.requireNonNull(r.tokens()), List.of()));
  }

  /** Its bytes are no longer those of the digest that is sent with them. */
  void damage(FragmentKey key) {
    damaged.add(key);
  }

  boolean has(FragmentKey key) {
    return bytes.containsKey(key);
  }

  private ResolvedNamespace resolve(Peer.Call call, NamespaceRequest r) {
    if (r.model() == null || r.revision() == null || r.kvDtype() == null) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, "name model, revision, kv_dtype");
    }
    Namespace namespace =
        new Namespace(
            r.model(), r.revision(), r.kvDtype(), Objects.requireNonNullElse(r.blockTokens(), 256));
    return new ResolvedNamespace(namespace, root(namespace, call.tenant()));
  }

  private MatchResponse match(MatchRequest r) {
    List<BlockHash> wanted = Objects.requireNonNull(r.blockHashes());
    List<Match> matches =
        named.entrySet().stream()
            .map(place -> run(place.getKey(), place.getValue(), wanted, r.needs()))
            .filter(m -> m.matchedBlocks() > 0)
            .toList();
    int longest = matches.stream().mapToInt(Match::matchedBlocks).max().orElse(0);
    Miss why =
        Boolean.TRUE.equals(r.explain()) && longest < wanted.size()
            ? new Miss(
                MissReason.REMOVED, longest, wanted.get(longest), 0L, null, List.of(), REMOVED)
            : null;
    return new MatchResponse(16, wanted.size(), wanted, matches, null).because(why);
  }

  private static Match run(
      String cluster,
      Map<FragmentKey, Boolean> held,
      List<BlockHash> wanted,
      @Nullable List<Slice> needs) {
    List<Slice> state = ofKind(needs, Slice.Kind.STATE);
    List<Slice> attention = needs == null ? null : ofKind(needs, Slice.Kind.ATTN);
    int run = 0;
    int usable = 0;
    while (run < wanted.size() && holds(held, wanted.get(run), attention)) {
      usable = holds(held, wanted.get(run++), state) ? run : usable;
    }
    int blocks = state.isEmpty() ? run : usable;
    return new Match(cluster, "redis", "redis", blocks, blocks * 16);
  }

  private static List<Slice> ofKind(@Nullable List<Slice> needs, Slice.Kind kind) {
    return needs == null ? List.of() : needs.stream().filter(s -> s.kind() == kind).toList();
  }

  private static boolean holds(
      Map<FragmentKey, Boolean> held, BlockHash hash, @Nullable List<Slice> needs) {
    return needs == null
        ? held.keySet().stream().anyMatch(key -> key.hash().equals(hash))
        : needs.stream().allMatch(slice -> held.containsKey(new FragmentKey(hash, slice)));
  }

  private LocateResponse locate(LocateRequest r) {
    return new LocateResponse(
        r.blockHashes().stream()
            .map(hash ->
                new LocatedBlock(
                    hash,
                    named.entrySet().stream()
                        .map(e -> new Place(e.getKey(), "redis", "redis", slices(e, hash)))
                        .filter(place -> !place.slices().isEmpty())
                        .toList()))
            .toList());
  }

  private static List<Slice> slices(
      Map.Entry<String, Map<FragmentKey, Boolean>> place, BlockHash hash) {
    return place.getValue().keySet().stream()
        .filter(key -> key.hash().equals(hash))
        .map(FragmentKey::slice)
        .toList();
  }

  private Existence exists(Keys r) {
    List<Boolean> present = r.keys().stream().map(bytes::containsKey).toList();
    int hole = present.indexOf(false);
    afterExists.getAndSet(() -> {}).run();
    return new Existence(present, hole < 0 ? present.size() : hole);
  }

  private void frames(Keys keys, OutputStream out) throws IOException {
    FrameWriter writer = new FrameWriter(out);
    for (FragmentKey key : keys.keys()) {
      byte[] payload = bytes.get(key);
      writer.write(
          payload == null
              ? Frame.failed(key, Problem.of(ErrorCode.FRAGMENT_NOT_FOUND, "not here", null))
              : Frame.payload(200, key, meta(), ContentDigest.of(payload), sent(key, payload)));
    }
    writer.end();
  }

  private byte[] sent(FragmentKey key, byte[] payload) {
    byte[] copy = payload.clone();
    copy[0] ^= (byte) (damaged.contains(key) ? 1 : 0);
    return copy;
  }

  private static FragmentMeta meta() {
    return new FragmentMeta(NAMESPACE, null, new TokenSpan(0, 16), null, null, false);
  }

  /** The payload that a worker makes of a block. */
  static byte[] kv(BlockHash hash, int length) {
    byte[] seed = hash.toBytes();
    byte[] payload = new byte[length];
    IntStream.range(0, length).forEach(i -> payload[i] = (byte) (seed[i % 32] + i / 32));
    return payload;
  }
}
