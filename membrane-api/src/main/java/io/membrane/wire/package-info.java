/** The REST contract, version 1: one declarative client per service with its records. */
@NullMarked
package io.membrane.wire;

import org.jspecify.annotations.NullMarked;
