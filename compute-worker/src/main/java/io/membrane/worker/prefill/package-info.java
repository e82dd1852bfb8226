/**
 * Prefill: tokens and a reused prefix in, KV out. Owns the engine: nothing outside this package
 * sees a tensor.
 */
@NullMarked
package io.membrane.worker.prefill;

import org.jspecify.annotations.NullMarked;
