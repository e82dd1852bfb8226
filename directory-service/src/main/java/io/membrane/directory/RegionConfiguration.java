package io.membrane.directory;

import io.membrane.boot.PeerUrls;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.Feed;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.directory.region.Following;
import io.membrane.directory.region.Regions;
import io.membrane.rpc.PeerTls;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.Objects;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RegionProperties.class)
class RegionConfiguration {

  @Bean
  Feed feed(EventLog log, LogTail tail, Image image) {
    return new Feed(log, tail, image);
  }

  /** Ends the readers before the web server waits for them. */
  @Bean
  SmartLifecycle feedLifecycle(Feed feed) {
    return new DirectoryConfiguration.Running(feed::start, feed::stop, feed::isRunning);
  }

  @Bean(destroyMethod = "")
  Regions regions(RegionProperties properties, PeerTls tls, LogTail tail, Image image) {
    RegionProperties checked = properties.checked();
    checked
        .peers()
        .forEach((region, url) -> PeerUrls.check(tls, "membrane.directory.peers." + region, url));
    Regions regions =
        new Regions(
            checked.peers(),
            new Following(
                Objects.requireNonNullElse(checked.region(), ""),
                Objects.requireNonNullElse(checked.peerKey(), ""),
                checked.staleAfter(),
                checked.forgetAfter()),
            tls,
            tail,
            new SecureRandom());
    image.staleWhen(regions::isStale);
    return regions;
  }

  @Bean
  SmartLifecycle regionsLifecycle(Regions regions) {
    return new DirectoryConfiguration.Running(regions::start, regions::close, regions::isRunning);
  }

  @Bean
  RegionMetrics regionMetrics(MeterRegistry meters, Feed feed, Regions regions) {
    return new RegionMetrics(meters, feed, regions);
  }
}
