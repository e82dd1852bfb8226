/** Engines that are found by the labels of their pods, and peers by those of Services. */
@NullMarked
package io.membrane.directory.kubernetes;

import org.jspecify.annotations.NullMarked;
