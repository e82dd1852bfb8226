/** The failure detector over a registry and a network that fail. */
@NullMarked
package io.membrane.directory.membership;

import org.jspecify.annotations.NullMarked;
