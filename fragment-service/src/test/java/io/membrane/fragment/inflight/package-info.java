/** Tests. */
@NullMarked
package io.membrane.fragment.inflight;

import org.jspecify.annotations.NullMarked;
