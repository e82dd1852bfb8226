/**
 * Bounded memory outside the heap for payloads: claims, leases and their leaks. Plain Java.
 *
 * <p>{@link OffHeap} is the whole, {@link Claim} a payload being written, {@link Payload} one lease
 * of a payload that is written for good.
 */
@NullMarked
package io.membrane.fragment.offheap;

import org.jspecify.annotations.NullMarked;
