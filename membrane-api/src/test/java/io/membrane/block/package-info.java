@NullMarked
package io.membrane.block;

import org.jspecify.annotations.NullMarked;
