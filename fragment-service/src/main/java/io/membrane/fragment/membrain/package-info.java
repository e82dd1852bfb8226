/** What requests of the Membrain protocol name. Plain Java. */
@NullMarked
package io.membrane.fragment.membrain;

import org.jspecify.annotations.NullMarked;
