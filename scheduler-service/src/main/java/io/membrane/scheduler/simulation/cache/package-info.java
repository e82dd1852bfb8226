/** Prefix caches of token blocks, and what a trace hits in them. */
@NullMarked
package io.membrane.scheduler.simulation.cache;

import org.jspecify.annotations.NullMarked;
