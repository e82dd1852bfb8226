package io.membrane.helm;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.io.Serial;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads manifests into classes and refuses each field that these do not have. */
final class KubernetesModel {

  private static final Map<String, Class<?>> KINDS =
      Map.ofEntries(
          Map.entry("v1/ConfigMap", ConfigMap.class),
          Map.entry("v1/PersistentVolumeClaim", PersistentVolumeClaim.class),
          Map.entry("v1/Service", Service.class),
          Map.entry("v1/ServiceAccount", ServiceAccount.class),
          Map.entry("apps/v1/Deployment", Deployment.class),
          Map.entry("apps/v1/StatefulSet", StatefulSet.class),
          Map.entry("autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
          Map.entry("networking.k8s.io/v1/Ingress", Ingress.class),
          Map.entry("networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class),
          Map.entry("coordination.k8s.io/v1/Lease", Lease.class),
          Map.entry("policy/v1/PodDisruptionBudget", PodDisruptionBudget.class),
          Map.entry("rbac.authorization.k8s.io/v1/Role", Role.class),
          Map.entry("rbac.authorization.k8s.io/v1/RoleBinding", RoleBinding.class),
          Map.entry("cert-manager.io/v1/Certificate", CustomResources.Certificate.class),
          Map.entry(
              "monitoring.coreos.com/v1/ServiceMonitor", CustomResources.ServiceMonitor.class),
          Map.entry(
              "monitoring.coreos.com/v1/PrometheusRule", CustomResources.PrometheusRule.class));

  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .annotationIntrospector(new NothingElse())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private KubernetesModel() {}

  /**
   * Reads one manifest.
   *
   * @throws IllegalArgumentException if its kind is not expected, or it has what the kind has not
   */
  static Object read(Map<String, Object> manifest) {
    String kind = manifest.get("apiVersion") + "/" + manifest.get("kind");
    Class<?> type = KINDS.get(kind);
    if (type == null) {
      throw new IllegalArgumentException("unexpected kind " + kind);
    }
    return STRICT.convertValue(manifest, type);
  }

  /** The classes of the model would keep unknown fields. */
  private static final class NothingElse extends JacksonAnnotationIntrospector {

    @Serial private static final long serialVersionUID = 1;

    @Override
    public @Nullable Boolean hasAnySetter(Annotated annotated) {
      return null;
    }
  }
}
