/** The HTTP connector: payloads go from their memory to the socket without a copy. */
@NullMarked
package io.membrane.fragment.connector;

import org.jspecify.annotations.NullMarked;
