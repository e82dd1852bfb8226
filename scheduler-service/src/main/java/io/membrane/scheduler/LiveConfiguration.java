package io.membrane.scheduler;

import io.membrane.boot.PeerUrls;
import io.membrane.boot.StartupProblem;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.kubernetes.KubernetesProperties;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.RoleScaler;
import io.membrane.scheduler.live.FleetDescription;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LongTerm;
import io.membrane.scheduler.live.MeasuredLengths;
import io.membrane.scheduler.live.SharedState;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.redis.RedisCalls;
import io.membrane.scheduler.request.PlanJson;
import io.membrane.scheduler.request.PlanRequest;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.routing.RoutingPolicy;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Search;
import io.membrane.wire.ComputeClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import tools.jackson.core.JacksonException;

/** The running fleet, and the rules by which it is judged. */
@org.springframework.context.annotation.Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({SchedulerProperties.class, KubernetesProperties.class})
class LiveConfiguration {

  @Bean
  RedisCalls redisCalls(RedisConnectionFactory connections) {
    return new RedisCalls(connections);
  }

  @Bean
  InFlight inFlight() {
    return new InFlight();
  }

  @Bean
  RoutingPolicy routingPolicy(SchedulerProperties properties) {
    return new RoutingPolicy(properties.checked().routingSettings());
  }

  @Bean
  FleetDescription fleetDescription(SchedulerProperties properties) {
    Path file = properties.checked().fleet();
    PlanRequest request = file == null ? null : read(file);
    PlanInput input = resolved(file, request);
    Configuration best =
        Search.best(input.fleet(), input.workload(), input.thresholds(), input.objective());
    Integer fixed = properties.thresholdTokens();
    return new FleetDescription(
        input.fleet(),
        input.workload(),
        fixed == null
            ? best
            : Configuration.of(input.fleet(), input.workload(), fixed, best.prefillByPool()),
        EffectiveThreshold.of(input.workload(), input.fleet().kvBytes()),
        file != null,
        fingerprint(request, fixed, best));
  }

  /**
   * SHA-256 over what the operator said, written as JSON in one order and without what only looks
   * different, and over what was planned for it, in which the bundled profiles count.
   */
  private static String fingerprint(
      @Nullable PlanRequest request, @Nullable Integer fixed, Configuration best) {
    String said =
        PlanJson.mapper()
            .writeValueAsString(
                new Object[] {request, fixed, best.thresholdTokens(), best.prefillByPool()});
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-256").digest(said.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PlanRequest read(Path file) {
    try {
      return PlanJson.mapper().readValue(Files.readString(file), PlanRequest.class);
    } catch (IOException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + " cannot be read",
          "Name a file that describes the fleet as a body of POST /v1/plans does.");
    } catch (JacksonException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + " is not a fleet: " + e.getOriginalMessage(),
          "Write it as a body of POST /v1/plans; docs/scheduler.md shows one.");
    }
  }

  private static PlanInput resolved(@Nullable Path file, @Nullable PlanRequest request) {
    try {
      return PlanRequests.resolve(request, Traces.NONE);
    } catch (MembraneException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + ": " + e.detail(),
          "Change what is named; ./membrane plan --file checks it without a start.");
    }
  }

  @Bean
  LiveFleet liveFleet(
      RedisCalls redis,
      FleetDescription description,
      SchedulerProperties properties,
      InFlight inFlight,
      Clock clock) {
    return new LiveFleet(new SharedState(redis), description, properties.live(), inFlight, clock);
  }

  /** A profile is one kind of instance's: it cannot stand for a cluster of several. */
  @Bean
  ProfileWatch profileWatch(
      LiveFleet live,
      FleetDescription description,
      SchedulerProperties properties,
      PeerTls tls,
      ServiceClients clients) {
    Map<String, ComputeClient> workers = new HashMap<>();
    properties
        .profiles()
        .forEach((cluster, url) -> {
          if (!description.hasOneKind(cluster)) {
            throw new StartupProblem(
                "membrane.scheduler.profiles.%s names no cluster of one kind of instances of the fleet"
                    .formatted(cluster),
                "Name a cluster of the file that membrane.scheduler.fleet names, or remove it.");
          }
          PeerUrls.check(tls, "membrane.scheduler.profiles." + cluster, url);
          workers.put(
              cluster, clients.of(ComputeClient.class, "compute-worker of " + cluster, url));
        });
    return new ProfileWatch(live, workers);
  }

  @Bean
  MeasuredLengths measuredLengths(RedisCalls redis, Clock clock) {
    return new MeasuredLengths(redis, clock);
  }

  /** Where nothing else is said, both roles have as many instances as the PD cluster. */
  @Bean
  RoleScaler roleScaler(KubernetesProperties properties, FleetDescription description) {
    return RoleScaler.of(
        properties.mode() != Mode.OFF && properties.instances() == null && description.own()
            ? properties.withInstances(description.fleet().pdInstances())
            : properties);
  }

  @Bean
  LongTerm longTerm(
      LiveFleet live, MeasuredLengths lengths, SchedulerProperties properties, Clock clock) {
    return new LongTerm(
        live,
        lengths,
        properties.live().roles(),
        properties.thresholdTokens() == null,
        properties.roles().period(),
        clock);
  }
}
