package io.membrane.directory.kubernetes;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The fields that are read of a v1 PodList. client-java's own types would refuse every field that a
 * newer Kubernetes adds.
 */
record PodList(@Nullable ListMetadata metadata, @Nullable List<Pod> items) {

  record ListMetadata(@JsonProperty("continue") @Nullable String more) {}

  record Metadata(
      @Nullable String name,
      @Nullable String deletionTimestamp,
      @Nullable Map<String, String> labels,
      @Nullable Map<String, String> annotations) {}

  record Condition(@Nullable String type, @Nullable String status) {}

  record Status(@Nullable String podIP, @Nullable List<Condition> conditions) {}

  record Pod(@Nullable Metadata metadata, @Nullable Status status) {

    String name() {
      return metadata == null ? "" : Objects.requireNonNullElse(metadata.name(), "");
    }

    /** Its address; null if it has none yet. */
    @Nullable String address() {
      return status == null ? null : status.podIP();
    }

    boolean isReady() {
      return metadata != null
          && metadata.deletionTimestamp() == null
          && status != null
          && status.conditions() != null
          && status.conditions().stream()
              .anyMatch(c -> "Ready".equals(c.type()) && "True".equals(c.status()));
    }

    @Nullable String label(String key) {
      return metadata == null || metadata.labels() == null ? null : metadata.labels().get(key);
    }

    @Nullable String annotation(String key) {
      return metadata == null || metadata.annotations() == null
          ? null
          : metadata.annotations().get(key);
    }
  }

  List<Pod> pods() {
    return Objects.requireNonNullElse(items, List.of());
  }

  /** Where the list goes on, or null at its end. */
  @Nullable String next() {
    String more = metadata == null ? null : metadata.more();
    return more == null || more.isEmpty() ? null : more;
  }
}
