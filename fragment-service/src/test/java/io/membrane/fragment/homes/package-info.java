@NullMarked
package io.membrane.fragment.homes;

import org.jspecify.annotations.NullMarked;
