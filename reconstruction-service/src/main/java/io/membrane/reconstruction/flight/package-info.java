/** The same prompt is computed once at a time, by leases in Redis. */
@NullMarked
package io.membrane.reconstruction.flight;

import org.jspecify.annotations.NullMarked;
