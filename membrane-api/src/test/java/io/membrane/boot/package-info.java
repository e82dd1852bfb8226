@NullMarked
package io.membrane.boot;

import org.jspecify.annotations.NullMarked;
