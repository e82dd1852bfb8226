/** Tests of io.membrane.cli. */
@NullMarked
package io.membrane.cli;

import org.jspecify.annotations.NullMarked;
