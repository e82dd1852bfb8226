@NullMarked
package io.membrane.fragment.peers;

import org.jspecify.annotations.NullMarked;
