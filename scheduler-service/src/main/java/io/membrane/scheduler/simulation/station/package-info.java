/** Stations that requests of a simulated fleet queue at, and what happens at them when. */
@NullMarked
package io.membrane.scheduler.simulation.station;

import org.jspecify.annotations.NullMarked;
