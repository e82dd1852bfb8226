@NullMarked
package io.membrane.worker.provider;

import org.jspecify.annotations.NullMarked;
