package io.membrane.leadership;

import io.membrane.boot.StartupProblem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How replicas agree on who does what is done once.
 *
 * @param by where the lease is: a key in Redis, or a Lease of Kubernetes
 * @param lease for how long it is held, three seconds to five minutes; a leader that dies is
 *     followed after that
 * @param namespace of the Lease; needed with Kubernetes
 * @param name what the names of Leases begin with, one for each fleet in the namespace
 * @param kubeconfig file whose current context leads to the cluster; unset: the service account of
 *     the pod that this runs in
 */
@ConfigurationProperties("membrane.leadership")
public record LeadershipProperties(
    @DefaultValue("redis") By by,
    @DefaultValue("15s") Duration lease,
    @Nullable String namespace,
    @DefaultValue("membrane") String name,
    @Nullable Path kubeconfig) {

  private static final String PREFIX = "membrane.leadership.";
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?");
  private static final Duration LEAST = Duration.ofSeconds(3);
  private static final Duration MOST = Duration.ofMinutes(5);

  /** Where the lease is. */
  public enum By {
    REDIS,
    KUBERNETES
  }

  /** Stops the start if a value cannot be meant. */
  public LeadershipProperties {
    StartupProblem.unless(
        lease.compareTo(LEAST) >= 0 && lease.compareTo(MOST) <= 0,
        PREFIX + "lease",
        lease,
        "3s to 5m, for example 15s");
    if (by == By.KUBERNETES) {
      StartupProblem.unless(
          namespace != null && NAMESPACE.matcher(namespace).matches(),
          PREFIX + "namespace",
          namespace,
          "the namespace that this runs in, or membrane.leadership.by to redis");
      StartupProblem.unless(
          NAME.matcher(name).matches(),
          PREFIX + "name",
          name,
          "1 to 40 lower-case letters, digits and '-', for example membrane");
    }
  }

  String requiredNamespace() {
    if (namespace == null) {
      throw new IllegalStateException("no Lease is asked for, and so none has a namespace");
    }
    return namespace;
  }
}
