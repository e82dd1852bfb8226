@NullMarked
package io.membrane.fragment.placement;

import org.jspecify.annotations.NullMarked;
