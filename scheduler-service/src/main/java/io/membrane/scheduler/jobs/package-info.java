/** Long work in the background, seen and cancelled from every replica. */
@NullMarked
package io.membrane.scheduler.jobs;

import org.jspecify.annotations.NullMarked;
