/** The image of the event log in memory, and the longest match over it. Plain Java. */
@NullMarked
package io.membrane.directory.location;

import org.jspecify.annotations.NullMarked;
