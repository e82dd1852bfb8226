@NullMarked
package io.membrane.tenancy;

import org.jspecify.annotations.NullMarked;
