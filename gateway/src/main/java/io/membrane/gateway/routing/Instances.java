package io.membrane.gateway.routing;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.block.BlockHash;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.ServiceInstances;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Which instances of a service there are, and in which order they are asked: the homes of a
 * fragment, the first home first; else those with the fewest calls under way, in turn. Instances
 * that are not ready or keep failing come last, so that one is asked even if none is well.
 * Thread-safe.
 */
public final class Instances {

  /** Homes that are asked for a fragment; with one more than a hedged read takes. */
  private static final int HOMES = 3;

  private static final int MOST_ASKED = 6;

  private final List<ServiceInstances> sources;
  private final FragmentNodes nodes;
  private final ServiceClients resilience;
  private final AtomicInteger turn = new AtomicInteger();
  private volatile Set<Instance> unready = Set.of();

  /**
   * @param sources the first that names instances of a service counts; the last, which names some
   *     of each, is asked where those of the others do not answer
   */
  public Instances(List<ServiceInstances> sources, FragmentNodes nodes, ServiceClients resilience) {
    this.sources = List.copyOf(sources);
    this.nodes = nodes;
    this.resilience = resilience;
  }

  /** All that are known of a service. */
  List<Instance> of(Service service) {
    Set<URI> urls = new LinkedHashSet<>(current(service));
    urls.addAll(sources.getLast().of(service.serviceName()));
    return instances(service, urls);
  }

  /** All that are known. */
  List<Instance> all() {
    return Arrays.stream(Service.values()).flatMap(service -> of(service).stream()).toList();
  }

  /** These say that they are not ready, or say nothing. */
  void unready(Set<Instance> now) {
    unready = Set.copyOf(now);
  }

  boolean isReady(Instance instance) {
    return !unready.contains(instance);
  }

  /** Whether there is more than one node that a block's fragments can be asked of. */
  boolean hasSecondHome(@Nullable BlockHash block) {
    return block != null && nodes.homes(block, 2).size() > 1;
  }

  /**
   * Whom to ask, the first first; at least one, and each at most once.
   *
   * @param block whose fragment is asked for, or null
   */
  List<Instance> inOrder(Service service, @Nullable BlockHash block) {
    Set<URI> urls = new LinkedHashSet<>();
    if (block != null && service == Service.FRAGMENT) {
      urls.addAll(nodes.homes(block, HOMES));
    }
    if (urls.isEmpty()) {
      urls.addAll(inTurn(service));
    }
    urls.addAll(sources.getLast().of(service.serviceName()));
    return instances(service, urls).stream()
        .sorted(Comparator.comparing(instance -> !isWell(instance)))
        .limit(MOST_ASKED)
        .toList();
  }

  private List<URI> inTurn(Service service) {
    List<Instance> all = new ArrayList<>(instances(service, current(service)));
    Collections.rotate(all, Math.floorMod(turn.getAndIncrement(), Math.max(1, all.size())));
    all.sort(Comparator.comparingInt(this::freeCalls).reversed());
    return all.stream().map(Instance::url).toList();
  }

  private List<URI> current(Service service) {
    return sources.stream()
        .map(source -> source.of(service.serviceName()))
        .filter(urls -> !urls.isEmpty())
        .findFirst()
        .orElseGet(List::of);
  }

  private int freeCalls(Instance instance) {
    return resilience
        .bulkheads()
        .bulkhead(instance.name())
        .getMetrics()
        .getAvailableConcurrentCalls();
  }

  private boolean isWell(Instance instance) {
    return isReady(instance)
        && resilience.circuitBreakers().circuitBreaker(instance.name()).getState()
            != CircuitBreaker.State.OPEN;
  }

  private static List<Instance> instances(Service service, Iterable<URI> urls) {
    List<Instance> instances = new ArrayList<>();
    urls.forEach(url -> instances.add(new Instance(service, url)));
    return instances;
  }
}
