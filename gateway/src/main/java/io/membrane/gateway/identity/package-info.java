/** Who calls and what they may do: what the outside says about itself is not believed. */
@NullMarked
package io.membrane.gateway.identity;

import org.jspecify.annotations.NullMarked;
