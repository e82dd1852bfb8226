/** What a node holds, and how it differs from what another holds; plain Java. */
@NullMarked
package io.membrane.fragment.inventory;

import org.jspecify.annotations.NullMarked;
