package io.membrane.reconstruction;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.boot.PeerUrls;
import io.membrane.boot.StartupProblem;
import io.membrane.reconstruction.ReconstructionProperties.ClusterProperties;
import io.membrane.reconstruction.ReconstructionProperties.FetchProperties;
import io.membrane.reconstruction.execute.ApproximateReuse;
import io.membrane.reconstruction.execute.Cluster;
import io.membrane.reconstruction.execute.Delivery;
import io.membrane.reconstruction.execute.Reconstruction;
import io.membrane.reconstruction.explain.Explanations;
import io.membrane.reconstruction.flight.Leases;
import io.membrane.reconstruction.plan.LearnedLinks;
import io.membrane.reconstruction.plan.Pace;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.ServiceClients;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.SchedulerClient;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.unit.DataSize;

/** Puts the features together. */
@Configuration(proxyBeanMethods = false)
class Wiring {

  private static final String CLUSTERS = "membrane.reconstruction.clusters";

  private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
  private static final Duration LONGEST_LEASE = Duration.ofSeconds(60);

  @Bean
  Policies policies(StringRedisTemplate redis) {
    return new Policies(
        key -> policy(redis, key), Policy.standard(Sharing.ISOLATED), Clock.systemUTC());
  }

  private static byte @Nullable [] policy(StringRedisTemplate redis, String key) {
    try {
      return redis.execute((RedisConnection c) -> c.stringCommands().get(key.getBytes(UTF_8)));
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "Redis, which holds the tenants' policies, does not answer; try again",
          e);
    }
  }

  @Bean
  Reconstruction reconstruction(
      ServiceClients clients,
      Leases leases,
      LearnedLinks links,
      ReconstructionProperties properties,
      Policies policies,
      ApproximateReuse approximate) {
    return new Reconstruction(
        clusters(clients, properties),
        clients.of(DirectoryClient.class, "directory-service"),
        clients.of(FragmentClient.class, "fragment-service"),
        clients.of(SchedulerClient.class, "scheduler-service"),
        leases,
        links,
        properties.fetch().leastGain(),
        policies,
        approximate,
        properties.maxTokens());
  }

  @Bean
  Delivery delivery(ServiceClients clients, ReconstructionProperties properties) {
    long bytes = properties.maxFragment().toBytes();
    if (bytes < 1 || bytes > Integer.MAX_VALUE - 8) {
      throw new StartupProblem(
          "membrane.reconstruction.max-fragment is " + properties.maxFragment(),
          "Write a size from 1B to 2047MB, and not below fragment-service's own limit.");
    }
    return new Delivery(
        clients.of(FragmentClient.class, "fragment-service"),
        (int) bytes,
        properties.maxDeliveries());
  }

  @Bean
  Explanations explanations(StringRedisTemplate redis, ReconstructionProperties properties) {
    if (!properties.explanationTtl().isPositive()) {
      throw new StartupProblem(
          "membrane.reconstruction.explanation-ttl is " + properties.explanationTtl(),
          "Write how long explanations are kept, for example 15m.");
    }
    return new Explanations(redis, properties.explanationTtl());
  }

  @Bean
  Leases leases(StringRedisTemplate redis, ReconstructionProperties properties) {
    Duration lease = properties.lease();
    if (lease.compareTo(SHORTEST_LEASE) < 0 || lease.compareTo(LONGEST_LEASE) > 0) {
      throw new StartupProblem(
          "membrane.reconstruction.lease is " + lease,
          "Write how long others wait for a replica that died, from 1s to 60s.");
    }
    return new Leases(redis, lease);
  }

  @Bean
  LearnedLinks links(ReconstructionProperties properties) {
    FetchProperties fetch = properties.fetch();
    if (fetch.leastGain().isNegative()) {
      throw new StartupProblem(
          "membrane.reconstruction.fetch.least-gain is " + fetch.leastGain(),
          "Write 0ms or more, for example 10ms.");
    }
    if (!fetch.halfLife().isPositive()) {
      throw new StartupProblem(
          "membrane.reconstruction.fetch.half-life is " + fetch.halfLife(),
          "Write after what time a fetch that was seen counts half, for example 2m.");
    }
    return new LearnedLinks(
        new LearnedLinks.Expected(
            pace("memory", fetch.memoryLatency(), fetch.memoryRate()),
            pace("redis", fetch.redisLatency(), fetch.redisRate()),
            pace("crossing", fetch.crossingLatency(), fetch.crossingRate())),
        fetch.halfLife().toNanos(),
        System::nanoTime);
  }

  private static Pace pace(String name, Duration latency, DataSize rate) {
    if (latency.isNegative() || rate.toBytes() < 1) {
      throw new StartupProblem(
          "membrane.reconstruction.fetch.%s-latency is %s, and -rate %s"
              .formatted(name, latency, rate),
          "Write a latency of 0ms or more and a rate of at least 1B (a second).");
    }
    return new Pace(latency.toNanos() / 1e6, rate.toBytes() / 1e3);
  }

  private static List<Cluster> clusters(
      ServiceClients clients, ReconstructionProperties properties) {
    if (properties.clusters().isEmpty()) {
      throw new StartupProblem(
          "No cluster is configured that could prefill.",
          "Write "
              + CLUSTERS
              + ".<name>.url=<base URL of its compute-worker> and "
              + CLUSTERS
              + ".<name>.role=pd (or prefill); <name> is the cluster that its fragment-service"
              + " announces.");
    }
    return properties.clusters().entrySet().stream()
        .map(e -> cluster(clients, e.getKey(), e.getValue()))
        .toList();
  }

  private static Cluster cluster(ServiceClients clients, String name, ClusterProperties cluster) {
    String prefix = CLUSTERS + "." + name;
    if (cluster.role() == null) {
      throw new StartupProblem(
          prefix + ".role is missing.", "Write " + prefix + ".role=pd, or =prefill.");
    }
    URI url = url(name, cluster);
    PeerUrls.check(clients.tls(), prefix + ".url", url);
    return new Cluster(
        name, cluster.role(), clients.of(ComputeClient.class, "compute-worker." + name, url));
  }

  /** Base URL of a cluster's worker. */
  static URI url(String name, ClusterProperties cluster) {
    URI url = cluster.url();
    if (url == null
        || url.getHost() == null
        || !List.of("http", "https").contains(String.valueOf(url.getScheme()))) {
      throw new StartupProblem(
          CLUSTERS + "." + name + ".url is " + (url == null ? "missing" : "'" + url + "'"),
          "Write the base URL of the cluster's compute-worker, like http://worker:8085.");
    }
    return url;
  }
}
