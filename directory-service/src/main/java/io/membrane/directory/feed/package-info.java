/** The event log: read into the image, and written on behalf of nodes. */
@NullMarked
package io.membrane.directory.feed;

import org.jspecify.annotations.NullMarked;
