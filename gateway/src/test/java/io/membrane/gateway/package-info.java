/** The gateway over real HTTP in front of real HTTP servers. */
@NullMarked
package io.membrane.gateway;

import org.jspecify.annotations.NullMarked;
