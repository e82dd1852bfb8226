/** Tests of the lane without an engine. */
@NullMarked
package io.membrane.worker.batch;

import org.jspecify.annotations.NullMarked;
