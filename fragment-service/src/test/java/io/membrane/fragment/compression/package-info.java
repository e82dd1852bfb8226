@NullMarked
package io.membrane.fragment.compression;

import org.jspecify.annotations.NullMarked;
