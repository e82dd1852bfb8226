/** scheduler-service: where a prompt's missing KV is computed, and why. */
@NullMarked
package io.membrane.scheduler;

import org.jspecify.annotations.NullMarked;
