/** The delay of second requests; streams are tested over HTTP, one package up. */
@NullMarked
package io.membrane.worker.fetch;

import org.jspecify.annotations.NullMarked;
