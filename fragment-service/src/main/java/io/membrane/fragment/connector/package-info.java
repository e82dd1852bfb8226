/**
 * The HTTP connector: payloads go from their memory to the socket without a copy, and what a
 * connection repeats is answered on the thread at which it arrives.
 */
@NullMarked
package io.membrane.fragment.connector;

import org.jspecify.annotations.NullMarked;
