/** Request traces: read from NDJSON, summed up, kept for a day. */
@NullMarked
package io.membrane.scheduler.trace;

import org.jspecify.annotations.NullMarked;
