/** Tests of model directories, whole and broken. */
@NullMarked
package io.membrane.worker.checkpoint;

import org.jspecify.annotations.NullMarked;
