/** The chart, held against the Kubernetes model and against what the services really are. */
@NullMarked
package io.membrane.helm;

import org.jspecify.annotations.NullMarked;
