/** The routing rule as a pure function of a prompt and the clusters' caches. */
@NullMarked
package io.membrane.scheduler.routing;

import org.jspecify.annotations.NullMarked;
