/** What other regions hold, taken from the feeds of their directories. */
@NullMarked
package io.membrane.directory.region;

import org.jspecify.annotations.NullMarked;
