/** What a tenant may store, and with whom it shares. Plain Java. */
@NullMarked
package io.membrane.fragment.tenancy;

import org.jspecify.annotations.NullMarked;
