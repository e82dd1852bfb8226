/**
 * The other fragment nodes: who lives, what belongs to whom, and how their memories are asked and
 * told.
 */
@NullMarked
package io.membrane.fragment.peers;

import org.jspecify.annotations.NullMarked;
