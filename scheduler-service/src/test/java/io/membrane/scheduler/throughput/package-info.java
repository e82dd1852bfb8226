@NullMarked
package io.membrane.scheduler.throughput;

import org.jspecify.annotations.NullMarked;
