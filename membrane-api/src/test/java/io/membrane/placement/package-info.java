@NullMarked
package io.membrane.placement;

import org.jspecify.annotations.NullMarked;
