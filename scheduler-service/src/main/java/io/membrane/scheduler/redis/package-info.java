/** Commands to the Redis that the replicas share. */
@NullMarked
package io.membrane.scheduler.redis;

import org.jspecify.annotations.NullMarked;
