package io.membrane.directory.relist;

import io.membrane.directory.feed.LogTail;
import io.membrane.directory.feed.Relisting;
import io.membrane.directory.region.Backoff;
import io.membrane.directory.region.PeerCalls;
import io.membrane.rpc.PeerTls;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the doubt about the shared store: while entries of it are missing from the image, a live
 * fragment node of each cluster that has one is asked what its store holds, any of them, with
 * pauses between attempts. Until one brings all, the image stays as it is. Thread-safe.
 */
public final class Relister implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Relister.class);

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

  /** What became of an attempt, for metrics. */
  public enum Outcome {
    COMPLETE,
    FAILED,
    /** No fragment node is registered and live. */
    NO_NODE
  }

  private final LogTail tail;
  private final Supplier<List<Node>> nodes;
  private final Duration patience;
  private final RandomGenerator random;
  private final Backoff backoff;
  private final PeerCalls calls;
  private final Map<Outcome, AtomicLong> outcomes = new EnumMap<>(Outcome.class);
  private volatile @Nullable String problem;
  private volatile boolean stopping;
  private @Nullable Thread thread;

  /**
   * One that does not run yet.
   *
   * @param nodes those that are registered; may fail, which fails the attempt
   * @param patience a node that says nothing for so long is given up
   */
  public Relister(
      LogTail tail,
      Supplier<List<Node>> nodes,
      PeerTls tls,
      Duration patience,
      RandomGenerator random) {
    this.tail = tail;
    this.nodes = nodes;
    this.calls = new PeerCalls(tls, CONNECT_LIMIT);
    this.patience = patience;
    this.random = random;
    this.backoff = new Backoff(random);
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, new AtomicLong());
    }
  }

  /** Begins to look after the image. */
  public synchronized void start() {
    stopping = false;
    thread = Thread.ofVirtual().name("relist").start(this::run);
  }

  /** Stops; what was begun is dropped. */
  @Override
  public synchronized void close() {
    stopping = true;
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }

  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** Attempts so far of which this became. */
  public long count(Outcome outcome) {
    return Objects.requireNonNull(outcomes.get(outcome)).get();
  }

  /** Why the last attempt brought nothing; null if there was none, or it did. */
  public @Nullable String problem() {
    return problem;
  }

  private void run() {
    int failures = 0;
    try {
      while (!stopping) {
        boolean isDue = tail.isCaughtUp() && tail.lostEntries();
        if (isDue) {
          Outcome outcome = attempt();
          Objects.requireNonNull(outcomes.get(outcome)).incrementAndGet();
          failures = outcome == Outcome.COMPLETE ? 0 : failures + 1;
        } else {
          failures = 0;
          problem = null;
        }
        Thread.sleep(failures == 0 ? BETWEEN_LOOKS : backoff.after(failures));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Outcome attempt() throws InterruptedException {
    try {
      Map<String, List<Node>> byCluster = liveByCluster();
      if (byCluster.isEmpty()) {
        report("no fragment node is registered and live", null);
        return Outcome.NO_NODE;
      }
      long start = System.nanoTime();
      long fragments = list(byCluster);
      problem = null;
      log.info(
          "the shared store was listed anew, {} fragments in {} ms: nothing is doubted of it now",
          fragments,
          (System.nanoTime() - start) / 1_000_000);
      return Outcome.COMPLETE;
    } catch (IOException | RuntimeException e) {
      report(e.getMessage() == null ? e.toString() : e.getMessage(), e);
      return Outcome.FAILED;
    }
  }

  private Map<String, List<Node>> liveByCluster() {
    return nodes.get().stream()
        .filter(node -> node.state() == NodeState.LIVE)
        .filter(node -> node.role().equals(MembershipClient.FRAGMENT))
        .collect(Collectors.groupingBy(Node::cluster, TreeMap::new, Collectors.toList()));
  }

  private long list(Map<String, List<Node>> byCluster) throws IOException, InterruptedException {
    long fragments = 0;
    try (Relisting relisting = tail.relist()) {
      for (List<Node> candidates : byCluster.values()) {
        Node node = candidates.get(random.nextInt(candidates.size()));
        if (problem == null) {
          log.info("entries of the log were lost: {} at {} lists its store", node.id(), node.url());
        }
        try {
          fragments += new StoreReader(calls, node, patience, relisting).read();
        } catch (IOException e) {
          throw new IOException(node.id() + " at " + node.url() + ": " + e.getMessage(), e);
        }
      }
      relisting.complete();
    }
    return fragments;
  }

  private void report(String what, @Nullable Exception e) {
    if (!stopping && !what.equals(problem)) {
      log.warn("the shared store cannot be listed, its doubt stays: {}", what);
      log.debug("the shared store", e);
    }
    problem = what;
  }
}
