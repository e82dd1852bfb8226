/**
 * Chunks that are the same, by their hashes, or mean nearly the same, by their embeddings. Plain
 * Java over JVector.
 */
@NullMarked
package io.membrane.directory.semantic;

import org.jspecify.annotations.NullMarked;
