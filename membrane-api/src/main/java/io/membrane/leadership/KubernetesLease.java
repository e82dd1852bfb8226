package io.membrane.leadership;

import io.membrane.kubernetes.KubernetesApi;
import io.membrane.kubernetes.KubernetesApi.Answer;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Lease of {@code coordination.k8s.io/v1}. It is written only as it was read, by its resource
 * version, and taken from another only when it has stayed the same for its length since this
 * process first saw it so: no clock but this process' own counts. For one thread.
 */
final class KubernetesLease implements SharedLease {

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubernetesApi api;
  private final String namespace;
  private final String name;
  private final Clock clock;
  private final LongSupplier nanos;
  private String seenVersion = "";
  private long seenNanos;

  /**
   * @param clock for the times that people read
   * @param nanos a monotonic clock
   */
  KubernetesLease(
      KubernetesApi api, String namespace, String name, Clock clock, LongSupplier nanos) {
    this.api = api;
    this.namespace = namespace;
    this.name = name;
    this.clock = clock;
    this.nanos = nanos;
  }

  @Override
  public boolean hold(String holder, Duration length) throws IOException {
    JsonNode found = read();
    if (found == null) {
      return create(holder, length);
    }
    String version = found.at("/metadata/resourceVersion").asString("");
    if (version.isEmpty()) {
      throw new IOException(
          "the Lease comes without a resource version: is this a Kubernetes API?");
    }
    if (!version.equals(seenVersion)) {
      seenVersion = version;
      seenNanos = nanos.getAsLong();
    }
    String before = holder(found);
    return (before.isEmpty() || before.equals(holder) || hasEnded(found, length))
        && replace(found, holder, length);
  }

  @Override
  public void release(String holder) throws IOException {
    JsonNode found = read();
    if (found != null && holder(found).equals(holder)) {
      replace(found, "", Duration.ofSeconds(1));
    }
  }

  private static String holder(JsonNode lease) {
    return lease.at("/spec/holderIdentity").asString("");
  }

  private boolean hasEnded(JsonNode lease, Duration own) {
    Duration theirs = Duration.ofSeconds(lease.at("/spec/leaseDurationSeconds").asLong(0));
    Duration longer = theirs.compareTo(own) > 0 ? theirs : own;
    return nanos.getAsLong() - seenNanos >= longer.toNanos();
  }

  private @Nullable JsonNode read() throws IOException {
    Answer answer = api.call("GET", path() + "/" + name, Map.of(), null);
    if (answer.status() == 404) {
      return null;
    }
    return checked(answer, "get").body();
  }

  private boolean create(String holder, Duration length) throws IOException {
    ObjectNode lease = JsonMapper.shared().createObjectNode();
    lease.put("apiVersion", "coordination.k8s.io/v1").put("kind", "Lease");
    lease.putObject("metadata").put("name", name).put("namespace", namespace);
    fill(lease.putObject("spec"), holder, length, 0);
    Answer answer = api.call("POST", path(), Map.of(), lease);
    return answer.status() != 409 && checked(answer, "create").isOk();
  }

  private boolean replace(JsonNode found, String holder, Duration length) throws IOException {
    ObjectNode lease = (ObjectNode) found;
    int changes = found.at("/spec/leaseTransitions").asInt(0);
    boolean isNew = !holder(found).equals(holder);
    ObjectNode spec =
        lease.get("spec") instanceof ObjectNode there ? there : lease.putObject("spec");
    if (isNew) {
      fill(spec, holder, length, changes + (holder.isEmpty() ? 0 : 1));
    } else {
      spec.put("leaseDurationSeconds", seconds(length)).put("renewTime", now());
    }
    Answer answer = api.call("PUT", path() + "/" + name, Map.of(), lease);
    return answer.status() != 409 && checked(answer, "update").isOk();
  }

  private void fill(ObjectNode spec, String holder, Duration length, int changes) {
    String now = now();
    spec.put("holderIdentity", holder)
        .put("leaseDurationSeconds", seconds(length))
        .put("acquireTime", now)
        .put("renewTime", now)
        .put("leaseTransitions", changes);
  }

  private static long seconds(Duration length) {
    return Math.max(1, length.plusMillis(999).toSeconds());
  }

  private String now() {
    return MICRO_TIME.format(clock.instant());
  }

  private String path() {
    return "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases";
  }

  private Answer checked(Answer answer, String verb) throws IOException {
    if (answer.isRefusal()) {
      throw new IOException(
          "the Kubernetes API at %s does not let this service account %s the Lease %s of namespace %s (%d): allow get and update on it, or set membrane.leadership.by=redis"
              .formatted(api.where(), verb, name, namespace, answer.status()));
    }
    if (!answer.isOk()) {
      throw new IOException(
          "the Kubernetes API at %s answers %d to %s Lease %s"
              .formatted(api.where(), answer.status(), verb, name));
    }
    return answer;
  }
}
