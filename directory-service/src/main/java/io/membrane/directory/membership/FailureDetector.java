package io.membrane.directory.membership;

import io.membrane.wire.MembershipClient.NodeState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Judges nodes by how long they have not renewed their leases. Thread-safe, does no I/O.
 *
 * <h2>Goals</h2>
 *
 * A node that is dead is suspect after a lease and lost within three, from its last renewal and at
 * the next look; one look later if the registry's clock was set meanwhile. A node that lives is not
 * lost because it, the judge or the registry stood still, or because any clock is wrong.
 *
 * <h2>Constraints</h2>
 *
 * Renewals are seen only when the registry is looked at, at least four times per lease. No clock of
 * a node or of the registry is compared with the judge's.
 *
 * <h2>Algorithm</h2>
 *
 * A renewal is seen by the end of a lease being another one than at the look before. In between the
 * judge counts its own monotonic time, and only between looks that are at most a third of the lease
 * apart: while it or the registry stands still, nobody could have been seen to renew. After such a
 * pause the judgement of a node gets no worse for one lease. More than a lease of counted silence
 * makes a node suspect, more than {@value #LOST_AFTER} leases lost: where nodes renew three times
 * per lease, those are eight renewals missed in a row. A node that is seen for the first time is
 * live if the registry says that its lease runs, else suspect.
 */
public final class FailureDetector {

  /** Leases after the last renewal; with the quarter until the next look three. */
  private static final double LOST_AFTER = 2.75;

  private final Map<String, Silence> nodes = new HashMap<>();
  private long lastLookNanos;
  private boolean hasLooked;
  private long healed;

  /**
   * A lease as the registry has it.
   *
   * @param end changes with every renewal; by whatever clock
   * @param leftMs until the end by the same clock; negative after it
   * @param leaseMs length, positive
   */
  public record Lease(String id, long end, long leftMs, long leaseMs) {}

  /** How long a node has been silent. */
  private static final class Silence {
    private final long end;
    private long quietMicros;
    private long patienceMicros;
    private NodeState state = NodeState.LIVE;

    private Silence(long end) {
      this.end = end;
    }

    private static Silence first(Lease lease) {
      Silence silence = renewed(lease, 1000 * lease.leaseMs());
      if (lease.leftMs() <= 0) {
        silence.state = NodeState.SUSPECT;
      }
      return silence;
    }

    /** The renewal is as old as the registry says, within a limit: its clock may have been set. */
    private static Silence renewed(Lease lease, long oldestMicros) {
      Silence silence = new Silence(lease.end());
      long ageMicros = 1000 * (lease.leaseMs() - lease.leftMs());
      silence.quietMicros = Math.clamp(ageMicros, 0, oldestMicros);
      return silence;
    }

    private static boolean isPause(long leaseMicros, long elapsedMicros) {
      return elapsedMicros > leaseMicros / 3;
    }

    private void goOn(long leaseMicros, long elapsedMicros) {
      if (isPause(leaseMicros, elapsedMicros)) {
        patienceMicros = leaseMicros;
        return;
      }
      quietMicros += elapsedMicros;
      patienceMicros -= Math.min(patienceMicros, elapsedMicros);
      if (patienceMicros > 0) {
        return;
      }
      if (quietMicros > LOST_AFTER * leaseMicros) {
        state = NodeState.LOST;
      } else if (quietMicros > leaseMicros && state == NodeState.LIVE) {
        state = NodeState.SUSPECT;
      }
    }
  }

  /** How often a suspect or lost node renewed. */
  public synchronized long healed() {
    return healed;
  }

  /**
   * Judges all nodes that the registry has; those that it has no more are forgotten.
   *
   * @param nanos {@link System#nanoTime()} when the registry was asked; a look that is older than
   *     one that was told already changes nothing
   * @return the state of each by its id
   */
  public synchronized Map<String, NodeState> look(List<Lease> leases, long nanos) {
    Map<String, NodeState> states = HashMap.newHashMap(leases.size());
    if (hasLooked && nanos - lastLookNanos < 0) {
      for (Lease lease : leases) {
        Silence known = nodes.get(lease.id());
        states.put(lease.id(), (known == null ? Silence.first(lease) : known).state);
      }
      return states;
    }
    long elapsedMicros = hasLooked ? (nanos - lastLookNanos) / 1000 : 0;
    hasLooked = true;
    lastLookNanos = nanos;
    for (Lease lease : leases) {
      states.put(lease.id(), judge(lease, elapsedMicros));
    }
    nodes.keySet().retainAll(states.keySet());
    return states;
  }

  private NodeState judge(Lease lease, long elapsedMicros) {
    long leaseMicros = 1000 * lease.leaseMs();
    Silence silence = nodes.get(lease.id());
    if (silence == null) {
      silence = Silence.first(lease);
      nodes.put(lease.id(), silence);
    } else if (silence.end != lease.end()) {
      if (silence.state != NodeState.LIVE) {
        healed++;
      }
      silence =
          Silence.renewed(lease, Silence.isPause(leaseMicros, elapsedMicros) ? 0 : elapsedMicros);
      nodes.put(lease.id(), silence);
    } else {
      silence.goOn(leaseMicros, elapsedMicros);
    }
    return silence.state;
  }
}
