/** Pulls what is missing here from the fragment services of other regions. */
@NullMarked
package io.membrane.fragment.transfer;

import org.jspecify.annotations.NullMarked;
