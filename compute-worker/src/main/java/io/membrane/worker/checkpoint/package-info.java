/**
 * A model directory in Hugging Face form, read and checked: {@code config.json} and the weights in
 * {@code model.safetensors} or its shards. Plain Java; knows nothing of the engine that computes.
 */
@NullMarked
package io.membrane.worker.checkpoint;

import org.jspecify.annotations.NullMarked;
