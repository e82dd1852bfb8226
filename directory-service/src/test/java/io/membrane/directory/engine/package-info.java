/** Engines to follow, and that they are followed. */
@NullMarked
package io.membrane.directory.engine;

import org.jspecify.annotations.NullMarked;
