@NullMarked
package io.membrane.scheduler.search;

import org.jspecify.annotations.NullMarked;
