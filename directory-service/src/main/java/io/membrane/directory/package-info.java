/** directory-service: which blocks exist and where. */
@NullMarked
package io.membrane.directory;

import org.jspecify.annotations.NullMarked;
