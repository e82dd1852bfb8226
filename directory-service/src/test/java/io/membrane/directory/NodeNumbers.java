package io.membrane.directory;

import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Epochs and sequences of the nodes of both regions. */
final class NodeNumbers {
  private final Map<List<Object>, long[]> next = new HashMap<>();

  EventBatch batch(Service service, String node, List<Event> events) {
    long[] at = at(service, node);
    long sequence = at[1];
    at[1] += events.size();
    return new EventBatch(node, "c1", at[0], sequence, events);
  }

  void restart(Service service, String node) {
    long[] at = at(service, node);
    at[0]++;
    at[1] = 0;
  }

  /** Every node begins a new epoch. */
  void forget() {
    next.values()
        .forEach(at -> {
          at[0]++;
          at[1] = 0;
        });
  }

  private long[] at(Service service, String node) {
    return next.computeIfAbsent(List.of(service.url().getPort(), node), key -> new long[] {1, 0});
  }
}
