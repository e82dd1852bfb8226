@NullMarked
package io.membrane.reconstruction.plan;

import org.jspecify.annotations.NullMarked;
