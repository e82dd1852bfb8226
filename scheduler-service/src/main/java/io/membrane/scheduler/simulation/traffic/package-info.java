/** What a simulated fleet is asked for: when requests arrive, and how long they are. */
@NullMarked
package io.membrane.scheduler.simulation.traffic;

import org.jspecify.annotations.NullMarked;
