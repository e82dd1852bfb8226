/**
 * The way to the API of a Kubernetes cluster, and what all services may look up there. For services
 * that bring {@code io.kubernetes:client-java}; nothing here runs unless it is configured.
 */
@NullMarked
package io.membrane.kubernetes;

import org.jspecify.annotations.NullMarked;
