package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What cannot be meant is refused, and the answer names it. */
class SchemaTest {

  private static final String OPEN = "gateway.security.anonymous";
  private static final String PLAIN = "redis.internal.withoutPassword";

  static Stream<Arguments> nonsense() {
    return Stream.of(
        Arguments.of("gatway", Map.of("replicas", 1)),
        Arguments.of("gateway.replica", 1),
        Arguments.of("gateway.replicas", "two"),
        Arguments.of("gateway.replicas", -1),
        Arguments.of("gateway.heapMiB", 0),
        Arguments.of("gateway.heapMiB", "256Mi"),
        Arguments.of("gateway.resources", Map.of("limits", Map.of("memory", "1Gi"))),
        Arguments.of("gateway.resources", Map.of("requests", Map.of("cpu", "much"))),
        Arguments.of("gateway.config", Map.of("not a property", 1)),
        Arguments.of("gateway.config", Map.of("server.port", List.of(1))),
        Arguments.of("gateway.service.type", "Loadbalancer"),
        Arguments.of("gateway.security.issuer", "http://login.example.com"),
        Arguments.of("gateway.security.anonymous", "yes"),
        Arguments.of("gateway.drainSeconds", 0),
        Arguments.of("gateway.tolerations", List.of(Map.of("effect", "Sometimes"))),
        Arguments.of("commonLabels", Map.of("team", "not a label")),
        Arguments.of("commonLabels", Map.of("not a label", "team")),
        Arguments.of("gateway.nodeSelector", Map.of("disk", true)),
        Arguments.of("monitoring.rules.labels", Map.of("release", "kube prometheus")),
        Arguments.of("cluster.name", "Not A Name"),
        Arguments.of("cluster.role", "decode"),
        Arguments.of("region.peers", Map.of("west", "directory.west:8081")),
        Arguments.of("region.peers", Map.of("the west", "https://directory.west:8081")),
        Arguments.of("region.transferRate", "fast"),
        Arguments.of("region.gossip.seeds", List.of("directory.west")),
        Arguments.of("region.expose.loadBalancerSourceRanges", List.of("10.0.0.0")),
        Arguments.of("tenancy.sharing", "group"),
        Arguments.of("directory.maxBlocks", 0),
        Arguments.of("directory.snapshots.persistence.size", "4GB"),
        Arguments.of("directory.snapshots.shared", true),
        Arguments.of("directory.snapshots.shared.enabled", "yes"),
        Arguments.of("directory.snapshots.shared.existingClaim", "Not A Claim"),
        Arguments.of("directory.snapshots.shared.size", "4GB"),
        Arguments.of("directory.snapshots.shared.storageClassName", "NFS!"),
        Arguments.of("directory.snapshots.shared.accessMode", "ReadWriteOnce"),
        Arguments.of("fragment.copies", 0),
        Arguments.of("fragment.compression", "gzip"),
        Arguments.of("fragment.maxFragmentMiB", 513),
        Arguments.of("fragment.defaultTtl", "a day"),
        Arguments.of("fragment.direct.enabled", "yes"),
        Arguments.of("fragment.direct.port", -1),
        Arguments.of("fragment.direct.port", 8082),
        Arguments.of("fragment.direct.port", 9201),
        Arguments.of("fragment.direct.port", 70_000),
        Arguments.of("fragment.direct.secret", Map.of("key", "not/a key")),
        Arguments.of("fragment.direct.existingSecret", "direct"),
        Arguments.of("reconstruction.clusters", Map.of("there", Map.of("url", "https://x"))),
        Arguments.of(
            "reconstruction.clusters", Map.of("There!", Map.of("url", "https://x", "role", "pd"))),
        Arguments.of("scheduler.regime", "plenty"),
        Arguments.of("scheduler.thresholdTokens", -1),
        Arguments.of("scheduler.scaling.mode", "on"),
        Arguments.of("scheduler.scaling.prefill.kind", "DaemonSet"),
        Arguments.of("worker.device", "gpu"),
        Arguments.of("worker.kvDtype", "f8"),
        Arguments.of("worker.backend", "openAI"),
        Arguments.of("worker.gpu.count", -1),
        Arguments.of("worker.model.path", "models/relative"),
        Arguments.of("worker.model.volume", Map.of("pvc", Map.of("claimName", "models"))),
        Arguments.of(
            "worker.model.volume",
            Map.of("nfs", Map.of("path", "/"), "csi", Map.of("driver", "d"))),
        Arguments.of("redis.mode", "replicated"),
        Arguments.of("redis.host", "redis://redis:6379"),
        Arguments.of("redis.port", 70000),
        Arguments.of("redis.nodes", List.of("redis")),
        Arguments.of("redis.nodes", List.of("redis:65536")),
        Arguments.of("redis.nodes", List.of("redis:0")),
        Arguments.of("redis.internal.maxMemoryMiB", "1gb"),
        Arguments.of("tls.existingSecrets", Map.of("directory", "some")),
        Arguments.of("tls.certManager.issuerRef.kind", "Issuers"),
        Arguments.of("networkPolicies.metricsFrom", List.of(Map.of("pods", Map.of()))),
        Arguments.of("networkPolicies.directFrom", List.of("engines")),
        Arguments.of("spread.zones", "never"),
        Arguments.of("kubernetes.peers.namespaces", List.of("Not_One")),
        Arguments.of("kubernetes.peers.namespaces", List.of("twice", "twice")),
        Arguments.of("tracing.samplingProbability", 2),
        Arguments.of("monitoring.serviceMonitor.interval", "often"),
        Arguments.of("image.pullPolicy", "Sometimes"));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void nonsenseIsRefusedByTheSchema(String path, Object value) {
    assertThatThrownBy(() -> Chart.with(Chart.set(Chart.companions(), path, value)))
        .hasMessageContaining("schema")
        .hasMessageContaining(path.replaceAll("[.].*", ""));
  }

  static Stream<Arguments> contradictions() {
    return Stream.of(
        Arguments.of(Map.of(), "nobody could call the gateway"),
        Arguments.of(
            Map.of("gateway.security.issuer", "https://login.example.com"),
            "gateway.security.audience"),
        Arguments.of(
            with("gateway.security.bootstrapKey.existingSecret", "admin"),
            "would let everybody in"),
        Arguments.of(Map.of(OPEN, true), "redis.password.existingSecret"),
        Arguments.of(Map.of(OPEN, true, "redis.mode", "standalone"), "redis.host"),
        Arguments.of(Map.of(OPEN, true, "redis.mode", "cluster"), "redis.nodes"),
        Arguments.of(Map.of(OPEN, true, "redis.mode", "sentinel"), "redis.sentinel.master"),
        Arguments.of(with("redis.tls.mutual", true), "mutual without redis.tls.enabled"),
        Arguments.of(
            with("redis.tls", Map.of("enabled", true)), "whose Redis speaks TLS with the services"),
        Arguments.of(
            with("redis", ownRedis(Map.of("enabled", true, "mutual", true))),
            "redis.tls.existingSecret"),
        Arguments.of(with("redis.internal.persistence.enabled", true), "redis.internal.appendOnly"),
        Arguments.of(with("tls.gatewaySecret", "front"), "answer in the clear"),
        Arguments.of(
            with("gateway.config", Map.of("server.port", 9999)), "gateway.config sets server.port"),
        Arguments.of(
            with("worker.config", Map.of("management.server.port", 9999)), "worker.config sets"),
        Arguments.of(
            with("fragment.config", Map.of("spring.data.redis.password", "secret")),
            "no place for it"),
        Arguments.of(
            with("directory.config", Map.of("membrane.directory.peer-key", "secret")),
            "no place for it"),
        Arguments.of(with("fullnameOverride", "1st"), "begin with a letter"),
        Arguments.of(with("region", sharedAddress()), "every directory is a member of its own"),
        Arguments.of(
            with("worker", Map.of("backend", "ollama", "provider", Map.of("model", "some"))),
            "worker.provider.url"),
        Arguments.of(with("tls.enabled", true), "tls.certManager.issuerRef.name"),
        Arguments.of(with("region.expose.enabled", true), "can ask as any tenant"),
        Arguments.of(with("region.peers", Map.of("west", "https://west:8081")), "region.peerKey"),
        Arguments.of(with("kubernetes.peers.enabled", true), "region.name"),
        Arguments.of(
            with(
                "reconstruction.clusters",
                Map.of("local", Map.of("url", "http://x", "role", "pd"))),
            "this cluster itself"),
        Arguments.of(with("scheduler.scaling.mode", "apply"), "scheduler.scaling.prefill.name"),
        Arguments.of(with("scheduler.profiles.enabled", true), "scheduler.fleet.clusters"),
        Arguments.of(with("worker.backend", "vllm"), "worker.provider.model"),
        Arguments.of(with("fragment.maxInFlightMiB", 32), "largest fragment"),
        Arguments.of(
            with("fragment.direct.enabled", true), "fragment.direct.secret.existingSecret"),
        Arguments.of(
            with("directory.snapshots.shared.existingClaim", "snapshots"),
            "directory.snapshots.shared.enabled=true"),
        Arguments.of(
            Map.of(
                OPEN,
                true,
                PLAIN,
                true,
                "directory.snapshots.shared.enabled",
                true,
                "directory.snapshots.persistence.enabled",
                true),
            "enable the one or the other"),
        Arguments.of(with("gateway.ingress.enabled", true), "gateway.ingress.host"),
        Arguments.of(with("tracing.enabled", true), "tracing.endpoint"),
        Arguments.of(
            Map.of(
                OPEN,
                true,
                PLAIN,
                true,
                "worker.autoscaling.enabled",
                true,
                "worker.autoscaling.minReplicas",
                9),
            "above maxReplicas"));
  }

  private static Map<String, Object> ownRedis(Map<String, Object> tls) {
    return Map.of("mode", "standalone", "host", "redis.example.com", "tls", tls);
  }

  private static Map<String, Object> sharedAddress() {
    return Map.of(
        "name",
        "east",
        "peerKey",
        Map.of("existingSecret", "regions"),
        "gossip",
        Map.of("enabled", true, "url", "https://east", "externalHost", "gossip.example.com"));
  }

  private static Map<String, Object> with(String path, Object value) {
    return Map.of(OPEN, true, PLAIN, true, path, value);
  }

  @ParameterizedTest
  @MethodSource("contradictions")
  void valuesThatContradictEachOtherSayWhatToWrite(Map<String, Object> values, String says) {
    Map<String, Object> all = Map.of();
    for (Map.Entry<String, Object> one : values.entrySet()) {
      all = Chart.set(all, one.getKey(), one.getValue());
    }
    Map<String, Object> given = all;
    assertThatThrownBy(() -> Chart.with(given)).hasMessageContaining(says);
  }
}
