/** Gossip of members on loopback, some of whom are strangers. */
@NullMarked
package io.membrane.directory.gossip;

import org.jspecify.annotations.NullMarked;
