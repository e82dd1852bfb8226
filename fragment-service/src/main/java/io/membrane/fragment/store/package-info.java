/**
 * Fragments in Redis, and the log that says which there are.
 *
 * <p>One Redis hash per fragment, one stream for the log; every script touches one key, so that it
 * runs on Redis Cluster too. Replicas of this service share both and need no other agreement.
 */
@NullMarked
package io.membrane.fragment.store;

import org.jspecify.annotations.NullMarked;
