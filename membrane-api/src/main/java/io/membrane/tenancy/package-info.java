/** Who shares with whom, and the other rules for a tenant: one rule for every service. */
@NullMarked
package io.membrane.tenancy;

import org.jspecify.annotations.NullMarked;
