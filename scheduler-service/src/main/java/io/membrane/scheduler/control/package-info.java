/**
 * Control on two timescales, arXiv:2604.15039v2 section 3.4.3: the effective threshold and the
 * regime of a link by the second, roles and threshold of the fleet by the minute. Every controller
 * is a pure step from state and measurement to state; thresholds, time constants and dwell are
 * OURS.
 */
@NullMarked
package io.membrane.scheduler.control;

import org.jspecify.annotations.NullMarked;
