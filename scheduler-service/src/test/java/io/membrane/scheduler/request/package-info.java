@NullMarked
package io.membrane.scheduler.request;

import org.jspecify.annotations.NullMarked;
