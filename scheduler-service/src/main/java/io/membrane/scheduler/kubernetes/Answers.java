package io.membrane.scheduler.kubernetes;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields that are read of the Kubernetes API's answers. client-java's own types would refuse
 * every field that a newer Kubernetes adds.
 */
final class Answers {

  private Answers() {}

  record Metadata(
      @Nullable String name,
      @Nullable String resourceVersion,
      @Nullable String deletionTimestamp) {}

  /** autoscaling/v1 Scale. */
  record Scale(@Nullable Metadata metadata, @Nullable Spec spec, @Nullable ScaleStatus status) {

    /** Zero replicas are left out by the API. */
    record Spec(@Nullable Integer replicas) {}

    record ScaleStatus(@Nullable Integer replicas, @Nullable String selector) {}

    int wantedReplicas() {
      return spec == null || spec.replicas() == null ? 0 : spec.replicas();
    }

    int countedReplicas() {
      return status == null || status.replicas() == null ? 0 : status.replicas();
    }
  }

  /** v1 PodList. */
  record Pods(@Nullable ListMetadata metadata, @Nullable List<@Nullable Pod> items) {

    /** {@code more} is set if the list goes on. */
    record ListMetadata(@JsonProperty("continue") @Nullable String more) {}

    boolean isWhole() {
      return metadata == null || metadata.more() == null || metadata.more().isEmpty();
    }

    /** Those that may hold an accelerator. */
    List<Pod> notEnded() {
      List<Pod> pods = new ArrayList<>();
      for (Pod pod : items == null ? List.<@Nullable Pod>of() : items) {
        if (pod != null && !pod.hasEnded()) {
          pods.add(pod);
        }
      }
      return pods;
    }
  }

  /** v1 Pod. */
  record Pod(@Nullable Metadata metadata, @Nullable PodStatus status) {

    record PodStatus(@Nullable String phase) {}

    boolean hasEnded() {
      String phase = status == null ? null : status.phase();
      return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    boolean isTerminating() {
      return metadata != null && metadata.deletionTimestamp() != null;
    }

    String name() {
      return metadata == null ? "?" : String.valueOf(metadata.name());
    }
  }

  /** v1 Status: why a call was refused. */
  record Refusal(@Nullable String message) {}
}
