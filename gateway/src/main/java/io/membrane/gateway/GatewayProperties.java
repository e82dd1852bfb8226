package io.membrane.gateway;

import io.membrane.boot.StartupProblem;
import io.membrane.wire.MembershipClient;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The gateway's own settings.
 *
 * @param maxSilence for how long a service's stream of events may say nothing before it is taken
 *     for broken; the deadline of a call only counts until such a stream begins
 * @param refresh how often instances are asked whether they are ready, and the directory which
 *     fragment nodes live; 100 ms to 1 h
 * @param fragmentCluster the cluster of the fragment nodes behind this gateway
 */
@ConfigurationProperties("membrane.gateway")
record GatewayProperties(
    @DefaultValue("60s") Duration maxSilence,
    @DefaultValue("1s") Duration refresh,
    @DefaultValue("local") String fragmentCluster) {

  private static final Duration SHORTEST_REFRESH = Duration.ofMillis(100);
  private static final Duration LONGEST_REFRESH = Duration.ofHours(1);

  GatewayProperties checked() {
    if (!maxSilence.isPositive()) {
      throw new StartupProblem(
          "membrane.gateway.max-silence is " + maxSilence + ", not a time above 0",
          "Write how long a stream of events may be silent, for example 60s.");
    }
    if (refresh.compareTo(SHORTEST_REFRESH) < 0 || refresh.compareTo(LONGEST_REFRESH) > 0) {
      throw new StartupProblem(
          "membrane.gateway.refresh is " + refresh + ", not 100 ms to 1 h",
          "Write how often instances are asked whether they are ready, for example 1s.");
    }
    if (!fragmentCluster.matches(MembershipClient.NAME)) {
      throw new StartupProblem(
          "the directory knows no cluster of the name that membrane.gateway.fragment-cluster gives",
          "Write what the fragment nodes have as membrane.fragment.cluster, for example local.");
    }
    return this;
  }
}
