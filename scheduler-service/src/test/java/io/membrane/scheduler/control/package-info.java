/** The controllers against oracles, and their answers to steps. */
@NullMarked
package io.membrane.scheduler.control;

import org.jspecify.annotations.NullMarked;
