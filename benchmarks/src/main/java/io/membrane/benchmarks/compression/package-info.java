/** What compression of KV is worth. */
@NullMarked
package io.membrane.benchmarks.compression;

import org.jspecify.annotations.NullMarked;
