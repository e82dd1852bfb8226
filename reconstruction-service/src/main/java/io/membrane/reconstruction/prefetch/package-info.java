/** Has blocks brought into memory before a session asks for them. */
@NullMarked
package io.membrane.reconstruction.prefetch;

import org.jspecify.annotations.NullMarked;
