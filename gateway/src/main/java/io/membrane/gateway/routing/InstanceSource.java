package io.membrane.gateway.routing;

import java.net.URI;
import java.util.List;

/** Tells where the instances of a service are. Thread-safe. */
@FunctionalInterface
public interface InstanceSource {

  /**
   * Base URLs of a service's instances, as they are known now; empty if nothing is known of them.
   * Never waits for anybody.
   */
  List<URI> instances(Service service);
}
