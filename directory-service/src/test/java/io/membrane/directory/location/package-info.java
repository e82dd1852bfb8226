/** The image against a naive oracle. */
@NullMarked
package io.membrane.directory.location;

import org.jspecify.annotations.NullMarked;
