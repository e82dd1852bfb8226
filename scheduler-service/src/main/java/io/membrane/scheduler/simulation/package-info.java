/**
 * A fleet under load, simulated event by event: the queues, bursts and fluctuations that the
 * throughput model leaves out.
 */
@NullMarked
package io.membrane.scheduler.simulation;

import org.jspecify.annotations.NullMarked;
