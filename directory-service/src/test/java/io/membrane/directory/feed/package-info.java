/** The log on real Redis servers, well and ill. */
@NullMarked
package io.membrane.directory.feed;

import org.jspecify.annotations.NullMarked;
