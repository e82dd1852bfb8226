package io.membrane.directory.location;

import io.membrane.wire.LogEntry;
import java.util.Comparator;

/** What tells nodes apart: two clusters may each have a node of the same name. */
record NodeName(String cluster, String node) implements Comparable<NodeName> {

  private static final Comparator<NodeName> ORDER =
      Comparator.comparing(NodeName::cluster).thenComparing(NodeName::node);

  static NodeName of(LogEntry entry) {
    return new NodeName(entry.cluster(), entry.node());
  }

  @Override
  public int compareTo(NodeName other) {
    return ORDER.compare(this, other);
  }
}
