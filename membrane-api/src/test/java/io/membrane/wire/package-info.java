@NullMarked
package io.membrane.wire;

import org.jspecify.annotations.NullMarked;
