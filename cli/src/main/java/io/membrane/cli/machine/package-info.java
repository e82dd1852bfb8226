/** Ports, processes and Redis of the machine that the fleet runs on. */
@NullMarked
package io.membrane.cli.machine;

import org.jspecify.annotations.NullMarked;
