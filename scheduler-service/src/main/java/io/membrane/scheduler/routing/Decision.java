package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import org.jspecify.annotations.Nullable;

/**
 * Where a prompt is prefilled, and why.
 *
 * @param target cluster that prefills
 * @param role the target's role
 * @param incrementalTokens tokens that the target has to compute
 * @param transfer cached prefix to move to the target first, or null
 * @param reason the rule that decided, with its numbers
 */
public record Decision(
    String target, Role role, int incrementalTokens, @Nullable Transfer transfer, String reason) {}
