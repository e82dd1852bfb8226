@NullMarked
package io.membrane.scheduler.simulation.station;

import org.jspecify.annotations.NullMarked;
