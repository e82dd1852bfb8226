/** Snapshots whole, damaged and cut short. */
@NullMarked
package io.membrane.directory.snapshot;

import org.jspecify.annotations.NullMarked;
