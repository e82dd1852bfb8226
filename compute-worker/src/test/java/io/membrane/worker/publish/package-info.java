@NullMarked
package io.membrane.worker.publish;

import org.jspecify.annotations.NullMarked;
