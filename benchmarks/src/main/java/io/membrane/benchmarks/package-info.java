/**
 * Measurements, each with its command in the class comment; results in {@code docs/benchmarks.md}.
 */
@NullMarked
package io.membrane.benchmarks;

import org.jspecify.annotations.NullMarked;
