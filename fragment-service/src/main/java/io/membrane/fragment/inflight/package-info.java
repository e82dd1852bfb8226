/** How many payload bytes this process holds at a time. Plain Java. */
@NullMarked
package io.membrane.fragment.inflight;

import org.jspecify.annotations.NullMarked;
