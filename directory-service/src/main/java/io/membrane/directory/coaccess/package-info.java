/** Which blocks are used together, and which come next; plain Java. */
@NullMarked
package io.membrane.directory.coaccess;

import org.jspecify.annotations.NullMarked;
