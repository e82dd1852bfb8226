/** A fleet of service processes on one machine. */
@NullMarked
package io.membrane.cli.fleet;

import org.jspecify.annotations.NullMarked;
