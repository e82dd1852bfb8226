/** Matches in the words of KV indexers. */
@NullMarked
package io.membrane.directory.indexer;

import org.jspecify.annotations.NullMarked;
