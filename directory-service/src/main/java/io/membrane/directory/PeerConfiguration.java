package io.membrane.directory;

import io.membrane.boot.PeerUrls;
import io.membrane.directory.gossip.GossipDiscovery;
import io.membrane.directory.gossip.GossipProperties;
import io.membrane.directory.kubernetes.KubernetesProperties;
import io.membrane.directory.kubernetes.ServicePeers;
import io.membrane.directory.region.PeerWatch;
import io.membrane.directory.region.Regions;
import io.membrane.rpc.PeerTls;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** How directories of other regions are found that no property names. */
@Configuration(proxyBeanMethods = false)
class PeerConfiguration {

  private static final String SERVICES = "membrane.directory.kubernetes.peers.enabled";
  private static final String GOSSIP = "membrane.directory.gossip.port";

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBooleanProperty(SERVICES)
  @EnableConfigurationProperties(KubernetesProperties.class)
  static class ByServices {

    @Bean(destroyMethod = "")
    PeerWatch serviceWatch(
        KubernetesProperties kubernetes, RegionProperties region, PeerTls tls, Regions regions) {
      String _ = region.regionFor(SERVICES);
      return new PeerWatch(
          new ServicePeers(kubernetes, tls.isRequired()), kubernetes.every(), regions);
    }

    @Bean
    SmartLifecycle serviceWatchLifecycle(PeerWatch serviceWatch) {
      return lifecycle(serviceWatch);
    }

    @Bean
    PeerMetrics serviceWatchMetrics(MeterRegistry meters, PeerWatch serviceWatch) {
      return new PeerMetrics(meters, serviceWatch);
    }
  }

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnProperty(GOSSIP)
  @EnableConfigurationProperties(GossipProperties.class)
  static class ByGossip {

    @Bean(destroyMethod = "")
    GossipDiscovery gossipDiscovery(GossipProperties gossip, RegionProperties region, PeerTls tls) {
      if (gossip.url() != null) {
        PeerUrls.check(tls, "membrane.directory.gossip.url", gossip.url());
      }
      return new GossipDiscovery(gossip, region.regionFor(GOSSIP), region.keyFor(GOSSIP), tls);
    }

    @Bean(destroyMethod = "")
    PeerWatch gossipWatch(GossipDiscovery discovery, GossipProperties gossip, Regions regions) {
      return new PeerWatch(discovery, gossip.every(), regions);
    }

    @Bean
    SmartLifecycle gossipWatchLifecycle(PeerWatch gossipWatch) {
      return lifecycle(gossipWatch);
    }

    @Bean
    PeerMetrics gossipWatchMetrics(
        MeterRegistry meters, PeerWatch gossipWatch, GossipDiscovery discovery) {
      PeerMetrics metrics = new PeerMetrics(meters, gossipWatch);
      metrics.add(discovery);
      return metrics;
    }
  }

  private static SmartLifecycle lifecycle(PeerWatch watch) {
    return new DirectoryConfiguration.Running(watch::start, watch::stop, watch::isRunning);
  }
}
