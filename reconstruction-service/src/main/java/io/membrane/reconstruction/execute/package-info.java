/** Asks the other services and carries a plan out. */
@NullMarked
package io.membrane.reconstruction.execute;

import org.jspecify.annotations.NullMarked;
