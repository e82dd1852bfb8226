/** What a follower reads. */
@NullMarked
package io.membrane.directory.region;

import org.jspecify.annotations.NullMarked;
