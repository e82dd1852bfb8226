@NullMarked
package io.membrane.reconstruction;

import org.jspecify.annotations.NullMarked;
