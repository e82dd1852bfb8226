/** KV events as inference engines publish them, and what they come to in our words; no sockets. */
@NullMarked
package io.membrane.directory.engine.wire;

import org.jspecify.annotations.NullMarked;
