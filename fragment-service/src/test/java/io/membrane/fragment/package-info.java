/** Tests. */
@NullMarked
package io.membrane.fragment;

import org.jspecify.annotations.NullMarked;
