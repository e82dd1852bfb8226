@NullMarked
package io.membrane.scheduler.planning;

import org.jspecify.annotations.NullMarked;
