/** Co-access against exact, unbounded counts. */
@NullMarked
package io.membrane.directory.coaccess;

import org.jspecify.annotations.NullMarked;
