/** How services call each other: errors, deadlines, frames, resilient declarative clients. */
@NullMarked
package io.membrane.rpc;

import org.jspecify.annotations.NullMarked;
