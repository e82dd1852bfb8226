/** What to reuse, what to compute, what to leave, and why. Plain Java. */
@NullMarked
package io.membrane.reconstruction.plan;

import org.jspecify.annotations.NullMarked;
