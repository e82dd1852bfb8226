/** The worker over real HTTP. */
@NullMarked
package io.membrane.worker;

import org.jspecify.annotations.NullMarked;
