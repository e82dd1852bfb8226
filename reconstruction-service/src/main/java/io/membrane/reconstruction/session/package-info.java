/** Remembers the turns of sessions and foresees the next ones. */
@NullMarked
package io.membrane.reconstruction.session;

import org.jspecify.annotations.NullMarked;
