package io.membrane.reconstruction.execute;

import io.membrane.wire.ComputeClient;
import io.membrane.wire.SchedulerClient.Role;

/**
 * A cluster that can prefill.
 *
 * @param name as the fragments of its nodes are announced under
 * @param worker its compute-worker
 */
public record Cluster(String name, Role role, ComputeClient worker) {}
