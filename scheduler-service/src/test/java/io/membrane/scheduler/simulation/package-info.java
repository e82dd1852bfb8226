@NullMarked
package io.membrane.scheduler.simulation;

import org.jspecify.annotations.NullMarked;
