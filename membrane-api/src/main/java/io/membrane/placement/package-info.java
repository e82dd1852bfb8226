/** Which nodes a fragment belongs to; plain Java. */
@NullMarked
package io.membrane.placement;

import org.jspecify.annotations.NullMarked;
