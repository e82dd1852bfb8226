/** Tests of the prefill core against Hugging Face transformers and against itself. */
@NullMarked
package io.membrane.worker.prefill;

import org.jspecify.annotations.NullMarked;
