/** The command line: starts a fleet on one machine and looks at it. */
@NullMarked
package io.membrane.cli;

import org.jspecify.annotations.NullMarked;
