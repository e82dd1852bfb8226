/** What every service is started with: error mapping, request context, clock, clients. */
@NullMarked
package io.membrane.boot;

import org.jspecify.annotations.NullMarked;
