/** compute-worker: the application, its endpoints, configuration and wiring. */
@NullMarked
package io.membrane.worker;

import org.jspecify.annotations.NullMarked;
