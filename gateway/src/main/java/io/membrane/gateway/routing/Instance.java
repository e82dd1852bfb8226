package io.membrane.gateway.routing;

import java.net.URI;

/**
 * One process of a service.
 *
 * @param url its base URL
 */
record Instance(Service service, URI url) {

  /** Its name in breakers, bulkheads and logs. */
  String name() {
    return service.serviceName() + "@" + url.getRawAuthority();
  }
}
