/** The fragment store beside raw Redis and bare sockets on the same machine. */
@NullMarked
package io.membrane.benchmarks.fragment;

import org.jspecify.annotations.NullMarked;
