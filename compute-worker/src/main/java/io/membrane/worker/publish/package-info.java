/**
 * A prompt on its way through the worker: its prefix fetched and verified, its tail computed, its
 * new blocks stored.
 */
@NullMarked
package io.membrane.worker.publish;

import org.jspecify.annotations.NullMarked;
