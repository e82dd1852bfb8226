/** Eviction policies compared on a trace. */
@NullMarked
package io.membrane.benchmarks.eviction;

import org.jspecify.annotations.NullMarked;
