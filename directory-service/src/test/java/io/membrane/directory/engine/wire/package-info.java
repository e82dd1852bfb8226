/** KV events as publishers of them were recorded, and as nobody would send them. */
@NullMarked
package io.membrane.directory.engine.wire;

import org.jspecify.annotations.NullMarked;
