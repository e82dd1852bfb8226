package io.membrane.scheduler.kubernetes;

import io.membrane.boot.StartupProblem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which workloads follow the wanted roles, and how far.
 *
 * @param namespace of both workloads; needed unless off
 * @param prefill its pods prefill; its name is needed unless off
 * @param decode its pods decode; its name is needed unless off
 * @param minReplicas what no role is scaled below
 * @param instances how many instances both roles have together, never exceeded; unset: as many
 *     replicas as both workloads ask for when a change begins. Set it, and a restart in the middle
 *     of a change loses nothing
 * @param timeout of each call to the Kubernetes API, at most a minute; a reconciliation makes at
 *     most five and ends with the first that fails
 * @param kubeconfig file whose current context leads to the cluster; unset: the service account of
 *     the pod that this runs in
 */
@ConfigurationProperties("membrane.scheduler.kubernetes")
public record KubernetesProperties(
    @DefaultValue("off") Mode mode,
    @Nullable String namespace,
    @DefaultValue Workload prefill,
    @DefaultValue Workload decode,
    @DefaultValue("1") int minReplicas,
    @Nullable Integer instances,
    @DefaultValue("5s") Duration timeout,
    @Nullable Path kubeconfig) {

  private static final String PREFIX = "membrane.scheduler.kubernetes.";
  private static final Duration MAX_TIMEOUT = Duration.ofMinutes(1);

  /** RFC 1123, as Kubernetes has it for names of namespaces and workloads. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

  /** How much is done about the wanted roles. */
  public enum Mode {
    /** Nothing; no client is made. */
    OFF,
    /** The workloads are read and the next step is told. */
    DRY_RUN,
    /** The workloads are scaled. */
    APPLY
  }

  /** What can be scaled. */
  public enum Kind {
    DEPLOYMENT,
    STATEFUL_SET
  }

  /** A workload whose replicas follow a role. */
  public record Workload(@DefaultValue("deployment") Kind kind, @Nullable String name) {}

  /** Stops the start if the mode is on and a workload is not named, or if a bound is impossible. */
  public KubernetesProperties {
    require(minReplicas >= 0, "min-replicas", minReplicas, "0 or more, for example 1");
    require(
        instances == null || instances >= 2L * minReplicas,
        "instances",
        instances,
        "the number of instances that both roles have together, at least twice min-replicas");
    require(
        timeout.isPositive() && timeout.compareTo(MAX_TIMEOUT) <= 0,
        "timeout",
        timeout,
        "more than 0 and at most 1m, for example 5s");
    if (mode != Mode.OFF) {
      requireName("namespace", namespace, mode);
      requireName("prefill.name", prefill.name(), mode);
      requireName("decode.name", decode.name(), mode);
      require(
          !prefill.equals(decode),
          "decode.name",
          decode.name(),
          "another workload than prefill.name: each role has its own");
    }
  }

  /** The same for so many instances. */
  public KubernetesProperties withInstances(int count) {
    return new KubernetesProperties(
        mode, namespace, prefill, decode, minReplicas, count, timeout, kubeconfig);
  }

  /** The scale target of a role; the mode is on. */
  ScaleTarget target(Role role) {
    Workload workload =
        switch (role) {
          case PREFILL -> prefill;
          case DECODE -> decode;
        };
    if (namespace == null || workload.name() == null) {
      throw new IllegalStateException("off, and so no " + role + " workload is named");
    }
    return new ScaleTarget(role, workload.kind(), namespace, workload.name());
  }

  private static void requireName(String property, @Nullable String name, Mode mode) {
    if (name == null || name.isBlank()) {
      throw new StartupProblem(
          PREFIX + "mode is " + words(mode) + ", but " + PREFIX + property + " is not set",
          "Set "
              + PREFIX
              + "namespace, prefill.name and decode.name to the workloads that follow the wanted"
              + " roles (and prefill.kind, decode.kind if they are no Deployments), or set "
              + PREFIX
              + "mode=off.");
    }
    require(NAME.matcher(name).matches(), property, name, "a name that Kubernetes allows");
  }

  private static void require(
      boolean holds, String property, @Nullable Object value, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          PREFIX + property + " is " + value, "Set " + PREFIX + property + " to " + wanted + ".");
    }
  }

  private static String words(Mode mode) {
    return switch (mode) {
      case OFF -> "off";
      case DRY_RUN -> "dry-run";
      case APPLY -> "apply";
    };
  }
}
