@NullMarked
package io.membrane.scheduler.live;

import org.jspecify.annotations.NullMarked;
