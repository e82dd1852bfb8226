package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import io.membrane.fragment.transfer.TransferOrder;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Configuration of transfers between regions.
 *
 * @param peers base URLs of the fragment services that may be pulled from, and of no others
 * @param transferRate bytes per second from each of them, all transfers together; absent: no limit
 */
@ConfigurationProperties("membrane.fragment")
record TransferProperties(@DefaultValue List<URI> peers, @Nullable DataSize transferRate) {

  TransferProperties {
    peers = List.copyOf(peers);
    for (URI peer : peers) {
      if (peer.getHost() == null
          || !("http".equals(peer.getScheme()) || "https".equals(peer.getScheme()))
          || peer.getQuery() != null
          || peer.getUserInfo() != null) {
        throw new StartupProblem(
            "membrane.fragment.peers has " + peer + ", which is no base URL",
            "Set membrane.fragment.peers to URLs like http://fragment.west.example:8082.");
      }
    }
    if (transferRate != null && transferRate.toBytes() < TransferOrder.LEAST_RATE) {
      throw new StartupProblem(
          "membrane.fragment.transfer-rate is out of range",
          "Set membrane.fragment.transfer-rate to at least 64KB (a second), or leave it out.");
    }
  }
}
