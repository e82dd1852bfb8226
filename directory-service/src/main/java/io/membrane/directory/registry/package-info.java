/** The nodes' leases in Redis. */
@NullMarked
package io.membrane.directory.registry;

import org.jspecify.annotations.NullMarked;
