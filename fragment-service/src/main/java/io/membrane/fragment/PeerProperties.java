package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import io.membrane.wire.MembershipClient;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * This process as one node of several. It registers if {@code
 * membrane.client.peers.directory-service} is set.
 *
 * @param instance its name among them, of no other; absent: host name and port (of a port that the
 *     system chooses, something random)
 * @param url where the others reach it; absent: its address, or host name, and port
 * @param replicas nodes that keep a fragment in memory, 1 to 64
 * @param lease how long it counts as alive after it last said so, 1 s to 10 min
 */
@ConfigurationProperties("membrane.fragment")
record PeerProperties(
    @Nullable String instance,
    @Nullable String url,
    @DefaultValue("1") int replicas,
    @DefaultValue("3s") Duration lease) {

  private static final Pattern NAME = Pattern.compile(MembershipClient.NAME);
  private static final Pattern URL = Pattern.compile(MembershipClient.URL);

  PeerProperties {
    require(
        instance == null || NAME.matcher(instance).matches(),
        "instance",
        "1 to 128 letters, digits, '.', '_', ':' and '-', e.g. fragment-0");
    require(
        url == null || URL.matcher(url).matches(),
        "url",
        "the URL that other nodes reach this one by, e.g. http://fragment-0:8082");
    require(
        replicas >= 1 && replicas <= MembershipClient.MAX_REPLICAS,
        "replicas",
        "1 to " + MembershipClient.MAX_REPLICAS + ", e.g. 1");
    require(
        lease.toMillis() >= MembershipClient.MIN_LEASE_MS
            && lease.toMillis() <= MembershipClient.MAX_LEASE_MS,
        "lease",
        "1s to 10m, e.g. 3s");
  }

  private static void require(boolean holds, String property, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          "membrane.fragment." + property + " is not usable",
          "Set membrane.fragment." + property + " to " + wanted + ".");
    }
  }
}
