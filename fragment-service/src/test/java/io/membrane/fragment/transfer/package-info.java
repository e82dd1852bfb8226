@NullMarked
package io.membrane.fragment.transfer;

import org.jspecify.annotations.NullMarked;
