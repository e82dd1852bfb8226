/** Tests of io.membrane.cli.check. */
@NullMarked
package io.membrane.cli.check;

import org.jspecify.annotations.NullMarked;
