package io.membrane.directory.registry;

import io.membrane.directory.membership.KnownNodes;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the registry all the time, so that nodes are judged though nobody asks, and has done
 * what follows when they are lost. While Redis does not answer what was seen last holds.
 * Thread-safe.
 */
public final class NodeWatch {

  /** Four times in the shortest lease, as the failure detector wants it. */
  private static final long PERIOD_MS = MembershipClient.MIN_LEASE_MS / 4;

  private static final Logger log = LoggerFactory.getLogger(NodeWatch.class);

  private final NodeRegistry registry;
  private final Consumer<List<Node>> whileLost;
  private volatile KnownNodes seen = new KnownNodes(List.of());
  private @Nullable ScheduledExecutorService thread;

  /**
   * Watches nothing until it is started.
   *
   * @param whileLost is told of all lost nodes with every look at which there are any. They are
   *     forgotten only after that, and not while it fails
   */
  public NodeWatch(NodeRegistry registry, Consumer<List<Node>> whileLost) {
    this.registry = registry;
    this.whileLost = whileLost;
  }

  /** Begins, unless it has begun; does not wait for Redis. */
  public synchronized void start() {
    if (thread == null) {
      thread =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("node-watch").factory());
      var _ = thread.scheduleWithFixedDelay(this::look, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
    }
  }

  /** Ends; may be started again. */
  public synchronized void stop() {
    if (thread != null) {
      thread.shutdownNow();
      thread.close();
      thread = null;
    }
  }

  /** Whether it has begun and not ended. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** How many nodes were in a state when they were last looked at. */
  public long count(NodeState state) {
    return seen.nodes().stream().filter(node -> node.state() == state).count();
  }

  private void look() {
    try {
      NodeRegistry.Look look = registry.look();
      List<Node> before = lost(seen);
      seen = look.nodes();
      List<Node> lost = lost(seen);
      Set<String> known = before.stream().map(Node::id).collect(Collectors.toUnmodifiableSet());
      for (Node node : lost) {
        if (!known.contains(node.id())) {
          log.warn("node {} is lost: it has not renewed its lease for long", node.id());
        }
      }
      if (!lost.isEmpty()) {
        whileLost.accept(lost);
      }
      registry.forget(look.overdue());
    } catch (MembraneException e) {
      log.debug(
          "the nodes were not judged, or nothing was done for those that are lost: {}",
          e.getMessage());
    } catch (RuntimeException e) {
      log.error("the nodes could not be judged; will be tried again", e);
    }
  }

  private static List<Node> lost(KnownNodes nodes) {
    return nodes.nodes().stream().filter(node -> node.state() == NodeState.LOST).toList();
  }
}
