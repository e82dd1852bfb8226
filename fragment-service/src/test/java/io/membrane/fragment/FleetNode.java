package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Name;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** One fragment-service of a fleet; others, and the directory, are reached through proxies. */
final class FleetNode implements AutoCloseable {

  final String id;
  final FragmentHttp http;
  final FaultProxy fromPeers;
  final FaultProxy toDirectory;
  private final ConfigurableApplicationContext context;

  FleetNode(String id, int port, int replicas, String redis, int directoryPort) {
    this.id = id;
    this.fromPeers = new FaultProxy(port);
    this.toDirectory = new FaultProxy(directoryPort);
    this.context =
        SpringApplication.run(
            FragmentApplication.class,
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--spring.data.redis.url=" + redis,
            "--spring.main.banner-mode=off",
            "--membrane.client.peers.directory-service=" + toDirectory.url(),
            "--membrane.fragment.instance=" + id,
            "--membrane.fragment.url=" + fromPeers.url(),
            "--membrane.fragment.replicas=" + replicas,
            "--membrane.fragment.lease=4s",
            "--membrane.fragment.max-bytes=1MB",
            "--membrane.fragment.max-in-flight=8MB",
            "--membrane.fragment.memory=16MB",
            "--membrane.fragment.membrain.port=-1");
    this.http = new FragmentHttp(port);
  }

  /** What is in this node's memory. */
  Set<FragmentKey> held() {
    return context.getBean(MemoryTier.class).names().stream()
        .map(Name::fragment)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  /** Live nodes as this one knows them, itself included. */
  int known() {
    return (int) meters().get(FragmentMetric.NODES.meter()).gauge().value();
  }

  double peerReads(String outcome) {
    return count(FragmentMetric.PEER_READS, outcome);
  }

  double moved() {
    return meters().get(FragmentMetric.HOMES_MOVED.meter()).counter().count();
  }

  double count(FragmentMetric metric, String outcome) {
    return meters().get(metric.meter()).tag("outcome", outcome).counter().count();
  }

  private MeterRegistry meters() {
    return context.getBean(MeterRegistry.class);
  }

  /** From now on nobody hears of it, as if its machine had gone. */
  void die() {
    fromPeers.inject(new Fault.Refuse());
    toDirectory.inject(new Fault.Refuse());
  }

  @Override
  public void close() {
    context.close();
    fromPeers.close();
    toDirectory.close();
  }
}
