/** Measurements of the directory. */
@NullMarked
package io.membrane.benchmarks.directory;

import org.jspecify.annotations.NullMarked;
