@NullMarked
package io.membrane.reconstruction.prefetch;

import org.jspecify.annotations.NullMarked;
