/** The service as its callers meet it. */
@NullMarked
package io.membrane.scheduler;

import org.jspecify.annotations.NullMarked;
