@NullMarked
package io.membrane.scheduler.simulation.traffic;

import org.jspecify.annotations.NullMarked;
