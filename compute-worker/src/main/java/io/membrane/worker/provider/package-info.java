/**
 * Prefill by somebody else: a hosted API or an inference server that keeps the KV. Its prompt cache
 * is made warm, the directory is told how long, and the cost is counted.
 */
@NullMarked
package io.membrane.worker.provider;

import org.jspecify.annotations.NullMarked;
