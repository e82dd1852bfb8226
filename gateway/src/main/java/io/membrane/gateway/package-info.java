/** The front door: one port for all services. */
@NullMarked
package io.membrane.gateway;

import org.jspecify.annotations.NullMarked;
