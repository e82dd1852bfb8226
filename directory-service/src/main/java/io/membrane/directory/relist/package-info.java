/** Mends what an image lost of the shared store, by what fragment nodes say that it holds. */
@NullMarked
package io.membrane.directory.relist;

import org.jspecify.annotations.NullMarked;
