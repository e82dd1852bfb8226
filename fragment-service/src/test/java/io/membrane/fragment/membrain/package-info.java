/** Tests of what requests of the Membrain protocol name. */
@NullMarked
package io.membrane.fragment.membrain;

import org.jspecify.annotations.NullMarked;
