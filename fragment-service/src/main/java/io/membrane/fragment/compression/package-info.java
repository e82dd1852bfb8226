/** Payloads in fewer bytes: zstd, between memory outside of the heap and such memory. */
@NullMarked
package io.membrane.fragment.compression;

import org.jspecify.annotations.NullMarked;
