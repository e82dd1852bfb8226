/**
 * The order in which prompts go through the engine: chunk by chunk, in turns, within the memory for
 * their KV. Knows nothing of the engine.
 */
@NullMarked
package io.membrane.worker.batch;

import org.jspecify.annotations.NullMarked;
