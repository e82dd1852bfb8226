package io.membrane.fragment.peers;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.homes.Homes;
import io.membrane.fragment.store.Name;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After a change of the nodes, tells new homes of what this node holds, so that a fragment is in as
 * many memories as before.
 *
 * <p>One thread goes through the names in memory, {@value HintClient#MOST} at a time per node; each
 * node is told more when it has fetched what it was told. When the nodes change again on the way,
 * or one does not listen, it begins again, from the homes as they were when it last came to an end:
 * what a node has already it does not fetch twice. It gives up after {@value #ATTEMPTS} walks that
 * failed; the fragments are in Redis. Thread-safe.
 */
final class Relocation {

  private static final int ATTEMPTS = 5;
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Logger log = LoggerFactory.getLogger(Relocation.class);

  private final Supplier<Collection<Name>> held;
  private final Function<String, @Nullable Peer> peers;
  private final HintClient hints;
  private final PeerMeters meters;
  private Homes settled;
  private Homes wanted;
  private @Nullable Thread walker;

  /**
   * @param first homes to begin with
   * @param held what this node holds
   * @param peers a live node by its id; null if it is gone
   */
  Relocation(
      Homes first,
      Supplier<Collection<Name>> held,
      Function<String, @Nullable Peer> peers,
      HintClient hints,
      PeerMeters meters) {
    this.settled = first;
    this.wanted = first;
    this.held = held;
    this.peers = peers;
    this.hints = hints;
    this.meters = meters;
  }

  synchronized void moveTo(Homes now) {
    wanted = now;
    notifyAll();
  }

  synchronized void start() {
    if (walker == null) {
      walker = Thread.ofVirtual().name("relocation").start(this::run);
    }
  }

  synchronized void stop() {
    if (walker != null) {
      walker.interrupt();
      walker = null;
    }
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Homes target = next();
        for (int attempt = 1; isWanted(target) && !hasSettled(target); attempt++) {
          if (walk(settledHomes(), target) || attempt == ATTEMPTS) {
            settle(target);
          } else {
            pause(target);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized Homes next() throws InterruptedException {
    while (wanted.equals(settled)) {
      wait();
    }
    return wanted;
  }

  private synchronized boolean isWanted(Homes target) {
    return wanted.equals(target);
  }

  private synchronized boolean hasSettled(Homes target) {
    return settled.equals(target);
  }

  private synchronized Homes settledHomes() {
    return settled;
  }

  private synchronized void settle(Homes target) {
    settled = target;
  }

  private synchronized void pause(Homes target) throws InterruptedException {
    long end = System.nanoTime() + PAUSE.toNanos();
    long left = PAUSE.toMillis();
    while (left > 0 && isWanted(target)) {
      wait(left);
      left = Duration.ofNanos(end - System.nanoTime()).toMillis();
    }
  }

  /** Whether all were told who were to be. */
  private boolean walk(Homes before, Homes now) {
    Map<String, List<Name>> toTell = new HashMap<>();
    boolean told = true;
    int moved = 0;
    for (Name name : held.get()) {
      FragmentKey key = name.fragment();
      if (key == null) {
        continue;
      }
      if (!isWanted(now)) {
        return false;
      }
      for (String id : now.newSince(before, key.hash()).toList()) {
        List<Name> names = toTell.computeIfAbsent(id, _ -> new ArrayList<>());
        names.add(name);
        moved++;
        if (names.size() == HintClient.MOST) {
          told &= tell(id, names);
          names.clear();
        }
      }
    }
    for (Map.Entry<String, List<Name>> rest : toTell.entrySet()) {
      told &= rest.getValue().isEmpty() || tell(rest.getKey(), rest.getValue());
    }
    if (moved > 0) {
      log.info("the nodes have changed: {} copies have new homes", moved);
      meters.moved(moved);
    }
    return told;
  }

  private boolean tell(String id, List<Name> names) {
    Peer peer = peers.apply(id);
    return peer == null || hints.send(peer, List.copyOf(names));
  }
}
