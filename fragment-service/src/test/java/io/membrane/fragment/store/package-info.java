/** Tests. */
@NullMarked
package io.membrane.fragment.store;

import org.jspecify.annotations.NullMarked;
