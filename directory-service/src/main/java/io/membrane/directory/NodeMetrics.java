package io.membrane.directory;

import io.membrane.directory.membership.FailureDetector;
import io.membrane.directory.registry.NodeWatch;
import io.membrane.wire.MembershipClient.NodeState;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** Says how the nodes are. */
final class NodeMetrics {

  NodeMetrics(MeterRegistry meters, NodeWatch watch, FailureDetector detector) {
    for (NodeState state : NodeState.values()) {
      Gauge.builder(DirectoryMetric.NODES_KNOWN.id(), watch, w -> w.count(state))
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
    FunctionCounter.builder(DirectoryMetric.NODES_HEALED.id(), detector, FailureDetector::healed)
        .register(meters);
  }
}
