/** Scaling as a cluster sees it: real HTTP against a Kubernetes mock server. */
@NullMarked
package io.membrane.scheduler.kubernetes;

import org.jspecify.annotations.NullMarked;
