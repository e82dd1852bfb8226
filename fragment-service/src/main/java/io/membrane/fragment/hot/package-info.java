/**
 * The short way of a read: fragments that are in memory are answered before the servlet, without a
 * copy and without waiting for anything but the caller's socket.
 *
 * <p>{@link MemoryReads} is what the store provides, {@link FragmentReadValve} what the server
 * runs. {@link RepeatedReads} answers without the server what a connection repeats.
 */
@NullMarked
package io.membrane.fragment.hot;

import org.jspecify.annotations.NullMarked;
