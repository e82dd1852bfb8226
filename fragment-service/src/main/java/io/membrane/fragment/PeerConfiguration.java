package io.membrane.fragment;

import com.github.benmanes.caffeine.cache.Ticker;
import io.membrane.boot.StartupProblem;
import io.membrane.fragment.peers.Membership;
import io.membrane.fragment.peers.Peers;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Registration;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.server.Ssl;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Makes this process one node of several, if it is told where the directory is. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(PeerProperties.class)
class PeerConfiguration {

  private static final String DIRECTORY = "directory-service";

  @Bean
  Peers peers(
      PeerProperties properties,
      Environment environment,
      MemoryTier memory,
      PeerTls tls,
      MeterRegistry meters,
      ObservationRegistry observations) {
    return new Peers(
        instance(properties, environment),
        properties.replicas(),
        memory,
        tls,
        Ticker.systemTicker(),
        meters,
        observations);
  }

  /** Begins when the port is open, and has left before it is closed. */
  @Bean
  SmartLifecycle membership(
      Peers peers,
      PeerProperties properties,
      FragmentProperties store,
      ClientProperties clientProperties,
      ServiceClients clients,
      ObjectProvider<DirectConnector> direct,
      Environment environment,
      Clock clock) {
    URI directory = directory(clientProperties);
    if (directory != null && !store.cluster().matches(MembershipClient.NAME)) {
      throw new StartupProblem(
          "the directory knows no cluster of the name that membrane.fragment.cluster gives",
          "Set membrane.fragment.cluster to 1 to 128 letters, digits, '.', '_', ':' and '-'.");
    }
    return new SmartLifecycle() {

      private @Nullable Membership membership;
      private volatile boolean running;

      @Override
      public void start() {
        peers.start();
        running = true;
        String port = environment.getProperty("local.server.port");
        if (directory != null && port != null) {
          membership =
              new Membership(
                  clients.of(MembershipClient.class, DIRECTORY, directory),
                  peers.self(),
                  new Registration(
                      MembershipClient.FRAGMENT,
                      store.cluster(),
                      url(properties, environment, port),
                      store.memory().toBytes(),
                      null,
                      properties.lease().toMillis(),
                      directUrl(direct.getIfAvailable(), properties, environment)),
                  peers,
                  clock);
          membership.start();
        }
      }

      @Override
      public void stop() {
        if (membership != null) {
          membership.stop();
          membership = null;
        }
        peers.stop();
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }

  /** An environment variable cannot spell the dash. */
  private static @Nullable URI directory(ClientProperties clients) {
    URI url = clients.url(DIRECTORY);
    return url == null ? clients.url(DIRECTORY.replace("-", "")) : url;
  }

  private static String instance(PeerProperties properties, Environment environment) {
    String named = properties.instance();
    String port = environment.getProperty("server.port", "8082");
    String last = port.equals("0") ? UUID.randomUUID().toString() : port;
    return named == null ? host() + "-" + last : named;
  }

  private static String url(PeerProperties properties, Environment environment, String port) {
    String given = properties.url();
    String address = environment.getProperty("server.address", "");
    boolean isOne = !address.isEmpty() && !address.equals("0.0.0.0") && !address.equals("::");
    return given == null
        ? scheme(environment) + "://" + (isOne ? address : host()) + ":" + port
        : given;
  }

  /** On the host that the node itself is reached at, unless another is named. */
  private static @Nullable String directUrl(
      @Nullable DirectConnector direct, PeerProperties properties, Environment environment) {
    if (direct == null) {
      return null;
    }
    String given = environment.getProperty("membrane.fragment.direct.url", "");
    String port = Integer.toString(direct.localPort());
    URI own = URI.create(url(properties, environment, port));
    return given.isBlank() ? own.getScheme() + "://" + own.getHost() + ":" + port : given;
  }

  private static String scheme(Environment environment) {
    boolean isTls =
        Binder.get(environment)
            .bind("server.ssl", Ssl.class)
            .map(ssl -> ssl.isEnabled())
            .orElse(false);
    return isTls ? "https" : "http";
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
