/** Directories of several regions that find each other by gossip. */
@NullMarked
package io.membrane.directory.gossip;

import org.jspecify.annotations.NullMarked;
