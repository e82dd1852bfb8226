/** The best threshold and split of a fleet, by search over the throughput model. */
@NullMarked
package io.membrane.scheduler.search;

import org.jspecify.annotations.NullMarked;
