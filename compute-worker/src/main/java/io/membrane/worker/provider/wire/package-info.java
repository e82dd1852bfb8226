/**
 * What hosted APIs and inference servers want to be sent so that a prompt is prefilled, and what
 * their answers say of it. No I/O.
 */
@NullMarked
package io.membrane.worker.provider.wire;

import org.jspecify.annotations.NullMarked;
