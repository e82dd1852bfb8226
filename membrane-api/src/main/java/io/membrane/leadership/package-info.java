/**
 * Which replica of a service does what is done once for all of them.
 *
 * <p>{@link io.membrane.leadership.LeaseElection} is the algorithm, over a {@link
 * io.membrane.leadership.SharedLease}: a key in Redis, or a Lease of Kubernetes.
 */
@NullMarked
package io.membrane.leadership;

import org.jspecify.annotations.NullMarked;
