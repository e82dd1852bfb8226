@NullMarked
package io.membrane.scheduler.simulation.cache;

import org.jspecify.annotations.NullMarked;
