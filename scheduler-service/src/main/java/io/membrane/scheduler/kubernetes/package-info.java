/**
 * The roles that the long-term control wants, applied on Kubernetes: one workload of prefill pods
 * and one of decode pods, which share the PD cluster's accelerators, are scaled in turns.
 *
 * <p>Off by default. With {@code membrane.scheduler.kubernetes.mode=dry-run} the workloads are only
 * read and the next step is told; with {@code apply} it is done. Elsewhere than on Kubernetes
 * nothing here touches a network or starts a thread.
 *
 * <p>How a pod is drained is the pod's own affair: {@code terminationGracePeriodSeconds} long
 * enough for its longest request and a {@code preStop} hook that takes it out of routing. This
 * package only waits for the pod to be gone, as it waits for the surge of a rolling update. A
 * HorizontalPodAutoscaler on the same workloads would undo every change, and is reported.
 *
 * <p>What the service account needs in the workloads' namespace (a Role, not a ClusterRole):
 *
 * <pre>
 * apiGroups  resources           resourceNames       verbs
 * ["apps"]   ["deployments/scale", "statefulsets/scale"]
 *                                the two workloads   get, update   (dry-run: get)
 * [""]       ["pods"]                                list
 * </pre>
 *
 * <p>The pods are listed because a Deployment's status leaves out those that are terminating (<a
 * href="https://www.kubernetes.dev/resources/keps/3973/">KEP-3973</a>), and it is these that still
 * hold an accelerator. No other access is used: nothing is created, deleted or watched, and a
 * workload's template is never read.
 */
@NullMarked
package io.membrane.scheduler.kubernetes;

import org.jspecify.annotations.NullMarked;
