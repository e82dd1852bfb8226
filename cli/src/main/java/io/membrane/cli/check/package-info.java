/** The self-check: does the fleet reuse what it has computed? */
@NullMarked
package io.membrane.cli.check;

import org.jspecify.annotations.NullMarked;
