/** What a fleet can do, what binds it, what it costs, and what to change first. */
@NullMarked
package io.membrane.scheduler.planning;

import org.jspecify.annotations.NullMarked;
