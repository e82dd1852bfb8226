package io.membrane.directory.kubernetes;

import io.membrane.boot.StartupProblem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whether engines are found by the labels of their pods, and directories of other regions by those
 * of Services, and where.
 *
 * @param enabled whether engines are
 * @param namespace of the pods; needed if enabled
 * @param cluster where the engines stand, as places name it
 * @param every how often pods and Services are looked at, a second to five minutes
 * @param kubeconfig file whose current context leads to the cluster; unset: the service account of
 *     the pod that this runs in
 * @param peers whether directories of other regions are found
 */
@ConfigurationProperties("membrane.directory.kubernetes")
public record KubernetesProperties(
    @DefaultValue("false") boolean enabled,
    @Nullable String namespace,
    @DefaultValue("local") String cluster,
    @DefaultValue("5s") Duration every,
    @Nullable Path kubeconfig,
    @DefaultValue Peers peers) {

  /**
   * How directories of other regions are found.
   *
   * @param namespaces of their Services; none: that of the pods
   */
  public record Peers(
      @DefaultValue("false") boolean enabled, @DefaultValue List<String> namespaces) {

    /** Copies. */
    public Peers {
      namespaces = List.copyOf(namespaces);
    }
  }

  private static final String PREFIX = "membrane.directory.kubernetes.";
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern CLUSTER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofMinutes(5);

  /** Stops the start if it is enabled and a value cannot be meant. */
  public KubernetesProperties {
    if (enabled) {
      require(
          namespace != null && NAMESPACE.matcher(namespace).matches(),
          "namespace",
          namespace,
          "the namespace of the engines' pods");
      require(
          CLUSTER.matcher(cluster).matches(),
          "cluster",
          cluster,
          "1 to 63 letters, digits, '.', '_' and '-', for example pd-1");
    }
    if (peers.enabled()) {
      checkNamespaces(peers.namespaces(), namespace);
    }
    if (enabled || peers.enabled()) {
      require(
          every.compareTo(LEAST) >= 0 && every.compareTo(MOST) <= 0,
          "every",
          every,
          "1s to 5m, for example 5s");
    }
  }

  String requiredNamespace() {
    if (namespace == null) {
      throw new IllegalStateException("not enabled, and so without a namespace");
    }
    return namespace;
  }

  /** Where Services of directories are looked for, if they are. */
  List<String> peerNamespaces() {
    return peers.namespaces().isEmpty() ? List.of(requiredNamespace()) : peers.namespaces();
  }

  private static void checkNamespaces(List<String> ofPeers, @Nullable String ofPods) {
    String wanted = "the namespaces of the directories' Services";
    require(ofPods != null || !ofPeers.isEmpty(), "peers.namespaces", ofPeers, wanted);
    for (String one : ofPeers.isEmpty() && ofPods != null ? List.of(ofPods) : ofPeers) {
      require(NAMESPACE.matcher(one).matches(), "peers.namespaces", one, wanted);
    }
  }

  private static void require(
      boolean holds, String property, @Nullable Object value, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          PREFIX + property + " is " + value,
          "Set "
              + PREFIX
              + property
              + " to "
              + wanted
              + ", or "
              + PREFIX
              + (property.startsWith("peers.") ? "peers." : "")
              + "enabled=false.");
    }
  }
}
