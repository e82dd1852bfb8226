/** The service as its callers meet it. */
@NullMarked
package io.membrane.directory;

import org.jspecify.annotations.NullMarked;
