/** Engines that are found by the labels of their pods. */
@NullMarked
package io.membrane.directory.kubernetes;

import org.jspecify.annotations.NullMarked;
