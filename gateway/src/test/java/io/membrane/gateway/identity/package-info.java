@NullMarked
package io.membrane.gateway.identity;

import org.jspecify.annotations.NullMarked;
