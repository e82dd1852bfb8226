/** Tests of io.membrane.cli.machine. */
@NullMarked
package io.membrane.cli.machine;

import org.jspecify.annotations.NullMarked;
