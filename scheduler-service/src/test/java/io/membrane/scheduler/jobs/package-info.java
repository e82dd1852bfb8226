@NullMarked
package io.membrane.scheduler.jobs;

import org.jspecify.annotations.NullMarked;
