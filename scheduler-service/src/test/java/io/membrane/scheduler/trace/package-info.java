@NullMarked
package io.membrane.scheduler.trace;

import org.jspecify.annotations.NullMarked;
