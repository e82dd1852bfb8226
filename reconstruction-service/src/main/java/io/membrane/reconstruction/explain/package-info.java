/** Keeps for a while why each block of a context was or was not reused. */
@NullMarked
package io.membrane.reconstruction.explain;

import org.jspecify.annotations.NullMarked;
