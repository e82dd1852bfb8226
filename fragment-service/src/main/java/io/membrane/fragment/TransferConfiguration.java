package io.membrane.fragment;

import io.membrane.boot.PeerUrls;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.transfer.TransferSettings;
import io.membrane.fragment.transfer.Transfers;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Wires transfers. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TransferProperties.class)
class TransferConfiguration {

  @Bean
  Transfers transfers(
      FragmentStore store,
      ServiceClients clients,
      PeerTls tls,
      TransferProperties properties,
      FragmentProperties fragments,
      Clock clock,
      MeterRegistry meters) {
    properties.peers().forEach(url -> PeerUrls.check(tls, "membrane.fragment.peers", url));
    return new Transfers(
        store,
        clients,
        new TransferSettings(
            properties.peers(),
            properties.transferRate() == null ? null : properties.transferRate().toBytes(),
            fragments.maxBytes().toBytes()),
        clock,
        meters);
  }
}
