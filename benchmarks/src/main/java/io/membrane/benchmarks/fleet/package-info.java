/** The processes that are measured. */
@NullMarked
package io.membrane.benchmarks.fleet;

import org.jspecify.annotations.NullMarked;
