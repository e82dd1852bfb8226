package io.membrane.scheduler.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Scale;
import io.kubernetes.client.openapi.models.V1ScaleSpec;
import io.membrane.scheduler.kubernetes.Answers.Metadata;
import io.membrane.scheduler.kubernetes.Answers.Pod;
import io.membrane.scheduler.kubernetes.Answers.Pods;
import io.membrane.scheduler.kubernetes.Answers.Scale;
import io.membrane.scheduler.kubernetes.ApiCalls.Purpose;
import java.util.List;

/** Reads and writes the scale of workloads. */
final class ScaleApi {

  /** A selector that selects more than this is not one role's. */
  private static final int MAX_PODS = 500;

  private final AppsV1Api apps;
  private final CoreV1Api core;
  private final ApiCalls calls;

  ScaleApi(ApiClient client) {
    this.apps = new AppsV1Api(client);
    this.core = new CoreV1Api(client);
    this.calls = new ApiCalls(client);
  }

  /** Reads a workload's scale and its pods: two calls. */
  Observed observe(ScaleTarget target) throws ScaleFailure {
    Scale scale =
        calls.make(
            new Purpose("get", target.resource(), target),
            () ->
                switch (target.kind()) {
                  case DEPLOYMENT ->
                      apps.readNamespacedDeploymentScale(target.name(), target.namespace())
                          .buildCall(null);
                  case STATEFUL_SET ->
                      apps.readNamespacedStatefulSetScale(target.name(), target.namespace())
                          .buildCall(null);
                },
            Scale.class);
    Metadata metadata = scale.metadata();
    String selector = scale.status() == null ? null : scale.status().selector();
    if (metadata == null
        || metadata.resourceVersion() == null
        || selector == null
        || selector.isBlank()
        || scale.wantedReplicas() < 0) {
      throw ScaleFailure.because(
          "The scale of "
              + target
              + " comes without a resource version or a selector of its pods, so nothing can be"
              + " scaled safely: is the address that of a Kubernetes API?",
          null);
    }
    List<Pod> pods = pods(target, selector);
    return new Observed(
        target,
        scale.wantedReplicas(),
        metadata.resourceVersion(),
        Math.max(pods.size(), scale.countedReplicas()),
        pods.stream().filter(Pod::isTerminating).map(Pod::name).toList());
  }

  private List<Pod> pods(ScaleTarget target, String selector) throws ScaleFailure {
    Pods pods =
        calls.make(
            new Purpose("list", "pods", target),
            () ->
                core.listNamespacedPod(target.namespace())
                    .labelSelector(selector)
                    .limit(MAX_PODS)
                    .buildCall(null),
            Pods.class);
    if (!pods.isWhole()) {
      throw ScaleFailure.because(
          "The selector of %s selects more than %d pods: narrow it to its own."
              .formatted(target, MAX_PODS),
          null);
    }
    return pods.notEnded();
  }

  /** Asks for {@code replicas}, refused as a conflict if the workload is no longer as observed. */
  void scale(Observed observed, int replicas) throws ScaleFailure {
    ScaleTarget target = observed.target();
    V1Scale scale =
        new V1Scale()
            .apiVersion("autoscaling/v1")
            .kind("Scale")
            .metadata(
                new V1ObjectMeta()
                    .name(target.name())
                    .namespace(target.namespace())
                    .resourceVersion(observed.resourceVersion()))
            .spec(new V1ScaleSpec().replicas(replicas));
    calls.make(
        new Purpose("update", target.resource(), target),
        () ->
            switch (target.kind()) {
              case DEPLOYMENT ->
                  apps.replaceNamespacedDeploymentScale(target.name(), target.namespace(), scale)
                      .buildCall(null);
              case STATEFUL_SET ->
                  apps.replaceNamespacedStatefulSetScale(target.name(), target.namespace(), scale)
                      .buildCall(null);
            },
        Scale.class);
  }
}
