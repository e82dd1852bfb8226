/** How much a tenant may ask for: together over all replicas, through Redis. */
@NullMarked
package io.membrane.gateway.limits;

import org.jspecify.annotations.NullMarked;
