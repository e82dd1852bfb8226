package io.membrane.directory.membership;

import io.membrane.directory.membership.FailureDetector.Lease;
import io.membrane.wire.MembershipClient.NodeState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Nodes that renew three times per lease, the registry that holds their leases and the judge that
 * looks at it four times per lease, all of which fail as they are told to. Time goes in ticks.
 */
final class FaultyFleet {

  static final int LEASE = 24;

  private static final int RENEWAL = LEASE / 3;
  private static final int LOOK = LEASE / 4;
  private static final int REMEMBERED = 10 * LEASE;
  private static final long TICK_MS = 400;
  private static final long HOUR_MS = 3_600_000;
  static final int TICKS_PER_HOUR = (int) (HOUR_MS / TICK_MS);

  private final RandomGenerator random;
  private final Node[] nodes;
  private final FailureDetector detector = new FailureDetector();
  private Map<String, NodeState> states = Map.of();
  private long now;
  private long registryClockMs;
  private long outageEnds;
  private long judgeResumes;
  private long nextLook;
  private double loss;
  private double pausesPerRenewal;

  private static final class Node {
    private final String id;
    private long nextRenewal;
    private boolean isDead;
    private boolean isCutOff;
    private boolean isRegistered;
    private long endMs;
    private long renewed;

    private Node(String id, long nextRenewal) {
      this.id = id;
      this.nextRenewal = nextRenewal;
    }
  }

  FaultyFleet(RandomGenerator random, int size) {
    this.random = random;
    nodes = new Node[size];
    for (int i = 0; i < size; i++) {
      nodes[i] = new Node("n" + i, random.nextInt(RENEWAL));
    }
  }

  /** Renewals do not arrive with this probability. */
  void lose(double probability) {
    loss = probability;
  }

  /**
   * Nodes stand still for less than one and a half leases after a renewal with this probability.
   */
  void pauseNodes(double probability) {
    pausesPerRenewal = probability;
  }

  /** The registry answers nobody for so many ticks. */
  void fail(int ticks) {
    outageEnds = now + ticks;
  }

  /** The judge stands still for so many ticks. */
  void pauseJudge(int ticks) {
    judgeResumes = now + ticks;
  }

  /** The registry's clock is an hour off at most, another way than before. */
  void skew() {
    registryClockMs = random.nextLong(-HOUR_MS, HOUR_MS + 1);
  }

  void kill(int node) {
    nodes[node].isDead = true;
  }

  void cutOff(int node, boolean isCutOff) {
    nodes[node].isCutOff = isCutOff;
  }

  /** Ticks since a node renewed. */
  long silence(int node) {
    return now - nodes[node].renewed;
  }

  /** What was judged of a node, or null if the registry did not know it at the last look. */
  @Nullable NodeState state(int node) {
    return states.get(nodes[node].id);
  }

  long count(NodeState state) {
    return states.values().stream().filter(state::equals).count();
  }

  long healed() {
    return detector.healed();
  }

  /**
   * One tick.
   *
   * @return whether the judge has looked
   */
  boolean tick() {
    now++;
    for (Node node : nodes) {
      if (!node.isDead && now >= node.nextRenewal) {
        renew(node);
      }
    }
    if (now < nextLook || now < judgeResumes || now < outageEnds) {
      return false;
    }
    nextLook = now + LOOK;
    states = detector.look(leases(), TimeUnit.MILLISECONDS.toNanos(now * TICK_MS));
    return true;
  }

  private void renew(Node node) {
    node.nextRenewal = now + RENEWAL;
    if (node.isCutOff || now < outageEnds || random.nextDouble() < loss) {
      return;
    }
    node.endMs = registryMs() + LEASE * TICK_MS;
    node.isRegistered = true;
    node.renewed = now;
    if (random.nextDouble() < pausesPerRenewal) {
      node.nextRenewal = now + random.nextInt(RENEWAL, LEASE * 3 / 2);
    }
  }

  private List<Lease> leases() {
    List<Lease> leases = new ArrayList<>(nodes.length);
    for (Node node : nodes) {
      long leftMs = node.endMs - registryMs();
      node.isRegistered &= leftMs > -REMEMBERED * TICK_MS;
      if (node.isRegistered) {
        leases.add(new Lease(node.id, node.endMs, leftMs, LEASE * TICK_MS));
      }
    }
    return leases;
  }

  private long registryMs() {
    return now * TICK_MS + registryClockMs;
  }
}
