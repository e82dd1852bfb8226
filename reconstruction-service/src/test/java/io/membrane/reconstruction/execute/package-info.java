@NullMarked
package io.membrane.reconstruction.execute;

import org.jspecify.annotations.NullMarked;
