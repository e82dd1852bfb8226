package io.membrane.fragment.peers;

import io.membrane.fragment.store.Name;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Hints that wait to be sent, and the thread that sends them. Past {@value #MOST} they are dropped:
 * a home that was not told reads from Redis when it is first asked. Thread-safe.
 */
final class HintQueue {

  private static final int MOST = 4096;

  private record Waiting(String id, Name name) {}

  private final BlockingQueue<Waiting> waiting = new ArrayBlockingQueue<>(MOST);
  private final Function<String, @Nullable Peer> peers;
  private final HintClient client;
  private final PeerMeters meters;
  private @Nullable Thread sender;

  /**
   * @param peers a live node by its id; null if it is gone, so that nobody waits for it
   */
  HintQueue(Function<String, @Nullable Peer> peers, HintClient client, PeerMeters meters) {
    this.peers = peers;
    this.client = client;
    this.meters = meters;
  }

  /** Puts a hint for a node into the queue, or drops it; does not block. */
  void add(String id, Name name) {
    if (!waiting.offer(new Waiting(id, name))) {
      meters.hint(PeerMeters.Hint.DROPPED, 1);
    }
  }

  synchronized void start() {
    if (sender == null) {
      sender = Thread.ofVirtual().name("peer-hints").start(this::send);
    }
  }

  synchronized void stop() {
    if (sender != null) {
      sender.interrupt();
      sender = null;
    }
  }

  private void send() {
    List<Waiting> taken = new ArrayList<>();
    try {
      while (!Thread.currentThread().isInterrupted()) {
        taken.add(waiting.take());
        waiting.drainTo(taken, HintClient.MOST - 1);
        Map<String, List<Name>> names = new LinkedHashMap<>();
        for (Waiting one : taken) {
          names.computeIfAbsent(one.id(), _ -> new ArrayList<>()).add(one.name());
        }
        names.forEach(this::send);
        taken.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(String id, List<Name> names) {
    Peer peer = peers.apply(id);
    if (peer == null) {
      meters.hint(PeerMeters.Hint.DROPPED, names.size());
    } else {
      client.send(peer, names);
    }
  }
}
