@NullMarked
package io.membrane.fragment.inventory;

import org.jspecify.annotations.NullMarked;
