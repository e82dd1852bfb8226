/**
 * The running fleet as all replicas of the scheduler see it: telemetry in, what routing decides by
 * out. Kept in Redis; a replica that starts takes it up where the others are.
 */
@NullMarked
package io.membrane.scheduler.live;

import org.jspecify.annotations.NullMarked;
