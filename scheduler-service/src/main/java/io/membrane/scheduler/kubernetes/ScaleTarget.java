package io.membrane.scheduler.kubernetes;

import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;

/** The workload whose replicas follow a role. */
record ScaleTarget(Role role, Kind kind, String namespace, String name) {

  /** As RBAC writes it. */
  String resource() {
    return switch (kind) {
      case DEPLOYMENT -> "deployments/scale";
      case STATEFUL_SET -> "statefulsets/scale";
    };
  }

  /** For a person: {@code deployment membrane/prefill}. */
  @Override
  public String toString() {
    String word =
        switch (kind) {
          case DEPLOYMENT -> "deployment ";
          case STATEFUL_SET -> "stateful set ";
        };
    return word + namespace + "/" + name;
  }
}
