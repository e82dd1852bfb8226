/** Which nodes live and what belongs to whom; plain Java. */
@NullMarked
package io.membrane.directory.membership;

import org.jspecify.annotations.NullMarked;
