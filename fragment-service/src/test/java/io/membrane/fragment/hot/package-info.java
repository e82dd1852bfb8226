/** Tests. */
@NullMarked
package io.membrane.fragment.hot;

import org.jspecify.annotations.NullMarked;
