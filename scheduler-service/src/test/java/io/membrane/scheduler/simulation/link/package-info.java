@NullMarked
package io.membrane.scheduler.simulation.link;

import org.jspecify.annotations.NullMarked;
