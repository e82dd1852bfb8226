package io.membrane.kubernetes;

import io.membrane.boot.StartupProblem;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How instances of services are found.
 *
 * @param by their configured URLs, or Kubernetes
 * @param namespace of their Services; needed with Kubernetes
 * @param selector of labels that their Services have; which service one is says {@code
 *     app.kubernetes.io/component}
 * @param kubeconfig file whose current context leads to the cluster; unset: the service account of
 *     the pod that this runs in
 */
@ConfigurationProperties("membrane.discovery")
public record DiscoveryProperties(
    @DefaultValue("urls") By by,
    @Nullable String namespace,
    @DefaultValue("app.kubernetes.io/part-of=membrane") String selector,
    @Nullable Path kubeconfig) {

  private static final String PREFIX = "membrane.discovery.";
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  /** Who says where instances are. */
  public enum By {
    URLS,
    KUBERNETES
  }

  /** Stops the start if a value cannot be meant. */
  public DiscoveryProperties {
    if (by == By.KUBERNETES) {
      StartupProblem.unless(
          namespace != null && NAMESPACE.matcher(namespace).matches(),
          PREFIX + "namespace",
          namespace,
          "the namespace of the services, or membrane.discovery.by to urls");
      StartupProblem.unless(
          !selector.isBlank(),
          PREFIX + "selector",
          selector,
          "labels of the services, for example app.kubernetes.io/instance=membrane");
    }
  }

  String requiredNamespace() {
    if (namespace == null) {
      throw new IllegalStateException("not by Kubernetes, and so without a namespace");
    }
    return namespace;
  }
}
