package io.membrane.scheduler;

import io.membrane.boot.PeerUrls;
import io.membrane.boot.StartupProblem;
import io.membrane.leadership.Elections;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.scheduler.kubernetes.KubernetesProperties;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.RoleScaler;
import io.membrane.scheduler.live.FleetDescription;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LongTerm;
import io.membrane.scheduler.live.MeasuredLengths;
import io.membrane.scheduler.live.SharedState;
import io.membrane.scheduler.redis.RedisCalls;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.wire.ComputeClient;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;

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
  FleetDescription fleetDescription(SchedulerProperties properties) {
    return FleetFile.described(properties);
  }

  @Bean
  LiveRules liveRules(
      SchedulerProperties properties,
      FleetDescription description,
      LiveFleet live,
      LongTerm longTerm) {
    return new LiveRules(properties, description, live, longTerm);
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
      LiveFleet live,
      MeasuredLengths lengths,
      SchedulerProperties properties,
      Elections elections,
      Clock clock) {
    return new LongTerm(
        live,
        lengths,
        properties.live().roles(),
        properties.thresholdTokens() == null,
        properties.roles().period(),
        elections.candidateFor("scheduler-control"),
        clock);
  }
}
