/** The image in files, so that a start need not read the whole log. */
@NullMarked
package io.membrane.directory.snapshot;

import org.jspecify.annotations.NullMarked;
