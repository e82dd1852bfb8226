/** Who calls: what the outside says about itself is not believed. */
@NullMarked
package io.membrane.gateway.identity;

import org.jspecify.annotations.NullMarked;
