/** Tests. */
@NullMarked
package io.membrane.fragment.offheap;

import org.jspecify.annotations.NullMarked;
