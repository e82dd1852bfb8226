/** What a bounded tier keeps and what goes; plain Java. */
@NullMarked
package io.membrane.fragment.eviction;

import org.jspecify.annotations.NullMarked;
