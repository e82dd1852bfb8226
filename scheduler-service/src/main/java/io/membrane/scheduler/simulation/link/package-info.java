/** A simulated link: shared by its transfers, fluctuating, lossy, and sometimes gone. */
@NullMarked
package io.membrane.scheduler.simulation.link;

import org.jspecify.annotations.NullMarked;
