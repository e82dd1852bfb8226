@NullMarked
package io.membrane.fragment.eviction;

import org.jspecify.annotations.NullMarked;
