package io.membrane.scheduler.live;

import io.membrane.scheduler.control.RoleControl;
import java.time.Instant;

/**
 * Roles and threshold as they stand in Redis.
 *
 * @param fingerprint of the description that they were decided by
 */
record KeptRoles(String fingerprint, RoleControl.State state) {

  boolean changedSince(Instant time) {
    return state.at() != null && state.at().isAfter(time);
  }
}
