/**
 * Blocks of a prefix on their way from the store: several requests side by side, slow ones asked
 * for twice, whatever does not come left to be computed.
 */
@NullMarked
package io.membrane.worker.fetch;

import org.jspecify.annotations.NullMarked;
