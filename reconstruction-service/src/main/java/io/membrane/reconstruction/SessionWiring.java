package io.membrane.reconstruction;

import io.membrane.boot.StartupProblem;
import io.membrane.reconstruction.prefetch.PrefetchSettings;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionLimits;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import java.net.URI;
import java.time.Clock;
import java.util.Objects;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Sessions, and what is fetched ahead for them. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({SessionProperties.class, PrefetchProperties.class})
class SessionWiring {

  @Bean
  SessionHistory sessionHistory(
      SessionProperties sessions, PrefetchProperties prefetch, Clock clock) {
    if (!sessions.idle().isPositive()) {
      throw new StartupProblem(
          "membrane.reconstruction.sessions.idle is " + sessions.idle(),
          "Write how long after its last turn a session is forgotten, for example 1h.");
    }
    return new SessionHistory(
        new SessionLimits(
            sessions.maxSessions(), sessions.maxTurns(), sessions.maxBlocks(), sessions.idle()),
        prefetch.leastProbability(),
        clock);
  }

  @Bean
  Prefetching prefetching(
      SessionHistory history,
      ServiceClients clients,
      ClientProperties peers,
      PrefetchProperties prefetch,
      Clock clock) {
    if (prefetch.bytesPerSecond().toBytes() < 1) {
      throw new StartupProblem(
          "membrane.reconstruction.prefetch.bytes-per-second is " + prefetch.bytesPerSecond(),
          "Write a size from 1B on, or membrane.reconstruction.prefetch.when=never.");
    }
    return new Prefetching(
        history,
        ofItsOwn(clients, peers, DirectoryClient.class, "directory-service"),
        ofItsOwn(clients, peers, FragmentClient.class, "fragment-service"),
        new PrefetchSettings(
            prefetch.when(), prefetch.related(), prefetch.bytesPerSecond().toBytes()),
        clock);
  }

  @Bean
  SessionTurns sessionTurns(SessionHistory history, Prefetching prefetching, Clock clock) {
    return new SessionTurns(history, prefetching, clock);
  }

  /** A client that shares no breaker and no bulkhead with those of requests. */
  private static <T> T ofItsOwn(
      ServiceClients clients, ClientProperties peers, Class<T> contract, String service) {
    URI url = Objects.requireNonNull(peers.url(service), service);
    return clients.of(contract, service + ".sessions", url);
  }
}
