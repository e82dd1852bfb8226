package io.membrane.directory.kubernetes;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The fields that are read of a v1 ServiceList; see {@link PodList}. */
record ServiceList(PodList.@Nullable ListMetadata metadata, @Nullable List<Service> items) {

  record Port(@Nullable String name, @Nullable Integer port) {}

  record Spec(@Nullable List<Port> ports) {}

  record Service(PodList.@Nullable Metadata metadata, @Nullable Spec spec) {

    String name() {
      return metadata == null ? "" : Objects.requireNonNullElse(metadata.name(), "");
    }

    boolean isLeaving() {
      return metadata == null || metadata.deletionTimestamp() != null;
    }

    @Nullable String label(String key) {
      return metadata == null || metadata.labels() == null ? null : metadata.labels().get(key);
    }

    @Nullable String annotation(String key) {
      return metadata == null || metadata.annotations() == null
          ? null
          : metadata.annotations().get(key);
    }

    List<Port> ports() {
      return spec == null ? List.of() : Objects.requireNonNullElse(spec.ports(), List.of());
    }
  }

  List<Service> services() {
    return Objects.requireNonNullElse(items, List.of());
  }

  /** Where the list goes on, or null at its end. */
  @Nullable String next() {
    String more = metadata == null ? null : metadata.more();
    return more == null || more.isEmpty() ? null : more;
  }
}
