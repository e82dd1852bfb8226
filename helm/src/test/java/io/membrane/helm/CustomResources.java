package io.membrane.helm;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of foreign kinds that the chart uses, as their definitions have them. */
final class CustomResources {

  private CustomResources() {}

  /** Of cert-manager. */
  record Certificate(String apiVersion, String kind, ObjectMeta metadata, CertificateSpec spec) {}

  record CertificateSpec(
      String secretName,
      IssuerRef issuerRef,
      String duration,
      String renewBefore,
      PrivateKey privateKey,
      List<String> usages,
      List<String> dnsNames) {}

  record IssuerRef(String name, String kind, String group) {}

  record PrivateKey(String algorithm, int size, String encoding, String rotationPolicy) {}

  /** Of the Prometheus operator. */
  record ServiceMonitor(
      String apiVersion, String kind, ObjectMeta metadata, ServiceMonitorSpec spec) {}

  record ServiceMonitorSpec(
      String jobLabel,
      NamespaceSelector namespaceSelector,
      Selector selector,
      List<Endpoint> endpoints) {}

  record NamespaceSelector(List<String> matchNames) {}

  record Selector(Map<String, String> matchLabels) {}

  record Endpoint(
      String port,
      String path,
      String interval,
      boolean honorLabels,
      List<Relabeling> relabelings) {}

  record Relabeling(String targetLabel, String replacement) {}

  /** Of the Prometheus operator. */
  record PrometheusRule(
      String apiVersion, String kind, ObjectMeta metadata, PrometheusRuleSpec spec) {}

  record PrometheusRuleSpec(List<Group> groups) {}

  record Group(String name, @Nullable String interval, List<Rule> rules) {}

  record Rule(
      @Nullable String record,
      @Nullable String alert,
      String expr,
      @JsonProperty("for") @Nullable String lasting,
      @JsonProperty("keep_firing_for") @Nullable String after,
      @Nullable Map<String, String> labels,
      @Nullable Map<String, String> annotations) {}
}
