/** Identity: which context, which tokens, which bytes. Plain Java, no I/O, thread-safe values. */
@NullMarked
package io.membrane.block;

import org.jspecify.annotations.NullMarked;
