package io.membrane.fragment.peers;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.homes.Demand;
import io.membrane.fragment.homes.Homes;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Name;
import io.membrane.fragment.store.Neighbours;
import io.membrane.placement.PlacementNode;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.PeerTls;
import io.membrane.wire.MembershipClient.Node;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The live fragment nodes beside this one. Alone until it is told of others. Thread-safe.
 *
 * <p>A name belongs to the first nodes that rendezvous hashing draws for its block; a node that
 * others were asked for it often keeps a copy too, and is one more home of it for its own callers.
 */
public final class Peers implements Neighbours, AutoCloseable {

  private static final Duration CONNECT = Duration.ofMillis(250);

  private final String self;
  private final int replicas;
  private final PeerTls tls;
  private final Supplier<HttpClient> http;
  private final PeerReads reads;
  private final HintQueue hints;
  private final Relocation relocation;
  private final Demand<Name> demand;
  private volatile View view;

  /** What is known at one moment. */
  private record View(Homes homes, Map<String, Peer> peers) {}

  /**
   * @param self this node's id
   * @param replicas homes of a fragment
   */
  public Peers(
      String self,
      int replicas,
      MemoryTier memory,
      PeerTls tls,
      Ticker ticker,
      MeterRegistry registry,
      ObservationRegistry observations) {
    this.self = self;
    this.replicas = replicas;
    this.tls = tls;
    Executor threads = Executors.newVirtualThreadPerTaskExecutor();
    this.http =
        tls.http(() ->
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .executor(threads));
    PeerMeters meters = new PeerMeters(registry);
    HintClient client = new HintClient(http, meters);
    this.view = new View(Homes.alone(self), Map.of());
    this.reads = new PeerReads(http, memory, meters, observations);
    this.hints = new HintQueue(this::peer, client, meters);
    this.relocation = new Relocation(view.homes(), memory::names, this::peer, client, meters);
    this.demand = new Demand<>(ticker);
    Gauge.builder(FragmentMetric.NODES.meter(), this, p -> 1.0 + p.view.peers().size())
        .register(registry);
  }

  /** This node's id. */
  public String self() {
    return self;
  }

  /** Begins to tell others, unless it has begun. */
  public void start() {
    hints.start();
    relocation.start();
  }

  /** Ends that. */
  public void stop() {
    hints.stop();
    relocation.stop();
  }

  /**
   * These nodes live now, this one among them or not.
   *
   * @param live with ids that differ; those that cannot be reached by their URLs are left out
   */
  public synchronized void accept(List<Node> live) {
    Map<String, Peer> peers = new HashMap<>();
    List<PlacementNode> nodes = new ArrayList<>();
    for (Node node : live) {
      URI url = url(node.url());
      if (node.capacityBytes() > 0 && url != null) {
        nodes.add(new PlacementNode(node.id(), node.capacityBytes()));
      }
      if (!node.id().equals(self) && url != null) {
        Peer before = view.peers().get(node.id());
        peers.put(
            node.id(),
            before != null && before.url().equals(url) ? before : Peer.of(node.id(), url));
      }
    }
    change(new View(new Homes(self, replicas, nodes), Map.copyOf(peers)));
  }

  /** Nothing is known of others any more. */
  public synchronized void beAlone() {
    change(new View(Homes.alone(self), Map.of()));
  }

  private void change(View now) {
    boolean moves = !now.homes().equals(view.homes());
    view = now;
    if (moves) {
      relocation.moveTo(now.homes());
    }
  }

  private @Nullable URI url(String text) {
    try {
      URI url = URI.create(text);
      boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      return isHttp && url.getHost() != null && tls.permits(url) ? url : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private @Nullable Peer peer(String id) {
    return view.peers().get(id);
  }

  @Override
  public boolean keepsHere(Name name) {
    FragmentKey key = name.fragment();
    return key == null || view.homes().areHere(key.hash()) || demand.isWanted(name);
  }

  @Override
  public List<@Nullable Payload> ask(List<Description> wanted) {
    @Nullable Payload[] taken = new @Nullable Payload[wanted.size()];
    View now = view;
    if (!now.homes().isAlone()) {
      Map<Peer, List<Integer>> places = new LinkedHashMap<>();
      for (int i = 0; i < taken.length; i++) {
        Peer home = home(now, wanted.get(i).name());
        if (home != null) {
          places.computeIfAbsent(home, _ -> new ArrayList<>()).add(i);
        }
      }
      ask(places, wanted, taken);
    }
    return Arrays.asList(taken);
  }

  /** Whom to ask for a name; null if it belongs here. */
  private @Nullable Peer home(View now, Name name) {
    FragmentKey key = name.fragment();
    if (key == null || now.homes().areHere(key.hash())) {
      return null;
    }
    demand.count(name);
    List<Peer> homes = homes(now, key.hash());
    return homes.stream()
        .filter(peer -> peer.breaker().getState() != CircuitBreaker.State.OPEN)
        .findFirst()
        .orElse(homes.isEmpty() ? null : homes.getFirst());
  }

  private static List<Peer> homes(View now, BlockHash hash) {
    List<Peer> homes = new ArrayList<>();
    for (String id : now.homes().elsewhere(hash)) {
      Peer peer = now.peers().get(id);
      if (peer != null) {
        homes.add(peer);
      }
    }
    return homes;
  }

  private void ask(
      Map<Peer, List<Integer>> places, List<Description> wanted, @Nullable Payload[] taken) {
    if (places.size() == 1) {
      places.forEach((peer, at) -> ask(peer, at, wanted, taken));
      return;
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      places.forEach((peer, at) -> {
        var _ =
            threads.submit(
                CallContext.carry(() -> {
                  ask(peer, at, wanted, taken);
                  return true;
                }));
      });
    }
  }

  /** Each place is written by one thread, which has ended before they are read. */
  private void ask(
      Peer peer, List<Integer> at, List<Description> wanted, @Nullable Payload[] taken) {
    @Nullable Payload[] mine = new @Nullable Payload[at.size()];
    reads.read(peer, at.stream().map(wanted::get).toList(), mine);
    for (int i = 0; i < mine.length; i++) {
      taken[at.get(i)] = mine[i];
    }
  }

  @Override
  public void stored(Name name) {
    tell(name);
  }

  @Override
  public void loaded(Name name) {
    FragmentKey key = name.fragment();
    if (replicas > 1 && key != null && view.homes().areHere(key.hash())) {
      tell(name);
    }
  }

  private void tell(Name name) {
    View now = view;
    FragmentKey key = name.fragment();
    if (key != null && !now.homes().isAlone()) {
      homes(now, key.hash()).forEach(home -> hints.add(home.id(), name));
    }
  }

  @Override
  public void close() {
    stop();
    reads.close();
    http.get().shutdownNow();
  }
}
