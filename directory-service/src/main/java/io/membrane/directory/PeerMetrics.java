package io.membrane.directory;

import io.membrane.directory.gossip.GossipDiscovery;
import io.membrane.directory.region.PeerWatch;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** Says how well other regions are found. */
final class PeerMetrics {

  private final MeterRegistry meters;

  PeerMetrics(MeterRegistry meters, PeerWatch watch) {
    this.meters = meters;
    Gauge.builder(DirectoryMetric.PEERS.id(), watch, PeerWatch::found)
        .tag("discovery", watch.name())
        .register(meters);
    FunctionCounter.builder(DirectoryMetric.PEERS_FAILURES.id(), watch, PeerWatch::failures)
        .tag("discovery", watch.name())
        .register(meters);
  }

  void add(GossipDiscovery gossip) {
    Gauge.builder(DirectoryMetric.GOSSIP_MEMBERS.id(), gossip, GossipDiscovery::members)
        .register(meters);
    ignored(gossip, "key", GossipDiscovery::refused);
    ignored(gossip, "unreadable", GossipDiscovery::unreadable);
  }

  private void ignored(
      GossipDiscovery gossip, String reason, ToDoubleFunction<GossipDiscovery> count) {
    FunctionCounter.builder(DirectoryMetric.GOSSIP_IGNORED.id(), gossip, count)
        .tag("reason", reason)
        .register(meters);
  }
}
