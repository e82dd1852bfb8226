/** Engines whose KV events the directory follows. */
@NullMarked
package io.membrane.directory.engine;

import org.jspecify.annotations.NullMarked;
