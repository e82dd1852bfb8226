@NullMarked
package io.membrane.worker.provider.wire;

import org.jspecify.annotations.NullMarked;
