/** The routing rule against the words of the design. */
@NullMarked
package io.membrane.scheduler.routing;

import org.jspecify.annotations.NullMarked;
