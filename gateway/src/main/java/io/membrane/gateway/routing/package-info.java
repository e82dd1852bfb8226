/** Which service answers a request, and how its bytes go through. */
@NullMarked
package io.membrane.gateway.routing;

import org.jspecify.annotations.NullMarked;
