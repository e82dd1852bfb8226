/** Tests of io.membrane.cli.fleet. */
@NullMarked
package io.membrane.cli.fleet;

import org.jspecify.annotations.NullMarked;
