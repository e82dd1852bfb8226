package io.membrane.gateway.routing;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether any instance of a service says that it is ready, and what each says. Shown, not part of
 * the gateway's own readiness.
 */
public final class BackendHealth implements HealthIndicator {

  private final Instances instances;
  private final Readiness readiness;
  private final Service service;

  public BackendHealth(Instances instances, Readiness readiness, Service service) {
    this.instances = instances;
    this.readiness = readiness;
    this.service = service;
  }

  @Override
  public Health health() {
    Map<URI, Status> each = new LinkedHashMap<>();
    for (Instance instance : instances.of(service)) {
      each.put(instance.url(), status(instance));
    }
    Status best =
        Stream.of(Status.UP, Status.OUT_OF_SERVICE)
            .filter(each::containsValue)
            .findFirst()
            .orElse(Status.DOWN);
    return Health.status(best).withDetails(details(each)).build();
  }

  private static Map<String, String> details(Map<URI, Status> each) {
    Map<String, String> details = new LinkedHashMap<>();
    each.forEach((url, status) -> details.put(url.toString(), status.getCode()));
    return details;
  }

  private Status status(Instance instance) {
    try {
      return readiness.ask(instance) ? Status.UP : Status.OUT_OF_SERVICE;
    } catch (IOException e) {
      return Status.DOWN;
    }
  }
}
