/** Chunks that mean nearly the same, found by their embeddings. Plain Java over JVector. */
@NullMarked
package io.membrane.directory.semantic;

import org.jspecify.annotations.NullMarked;
