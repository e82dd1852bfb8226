package io.membrane.rpc;

import java.net.URI;
import java.util.List;

/** Where a service's instances answer now. Thread-safe; does not block. */
@FunctionalInterface
public interface ServiceInstances {

  /** Knows of none: services are called at their configured URLs. */
  ServiceInstances NONE = service -> List.of();

  /**
   * Base URLs of a service's instances that take requests.
   *
   * @param service as {@code membrane.client.peers} names it
   * @return in one order on every caller; empty if none is known
   */
  List<URI> of(String service);
}
