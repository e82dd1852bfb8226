/** Tests. */
@NullMarked
package io.membrane.fragment.connector;

import org.jspecify.annotations.NullMarked;
