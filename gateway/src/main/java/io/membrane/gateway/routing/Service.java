package io.membrane.gateway.routing;

import java.util.List;

/** The services behind the gateway and the paths that each answers. */
public enum Service {
  DIRECTORY(
      "directory-service",
      "/v1/directory",
      "/v1/engines",
      "/v1/namespaces",
      "/v1/nodes",
      "/v1/placement",
      "/register",
      "/unregister",
      "/workers",
      "/services",
      "/dump",
      "/query",
      "/query_by_hash"),
  FRAGMENT(
      "fragment-service",
      "/v1/fragments",
      "/v1/pins",
      "/v1/uploads",
      "/v1/inventory",
      "/v1/transfers",
      "/v1/tenants",
      "/memory"),
  RECONSTRUCTION("reconstruction-service", "/v1/contexts", "/v1/sessions", "/v1/transfer-blocks"),
  SCHEDULER(
      "scheduler-service",
      "/v1/routes",
      "/v1/telemetry",
      "/v1/scheduler",
      "/v1/plans",
      "/v1/profiles",
      "/v1/simulations",
      "/v1/traces"),
  COMPUTE(
      "compute-worker",
      "/v1/prefill",
      "/v1/models",
      "/v1/tokenize",
      "/v1/embeddings",
      "/v1/profile");

  private final String serviceName;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> prefixes;

  Service(String serviceName, String... prefixes) {
    this.serviceName = serviceName;
    this.prefixes = List.of(prefixes);
  }

  /** Its name in configuration, metrics and errors. */
  public String serviceName() {
    return serviceName;
  }

  /** Paths that are its own, with everything below them. */
  public List<String> prefixes() {
    return prefixes;
  }

  /** Where the gateway shows its OpenAPI document. */
  public String apiDocsPath() {
    return "/v3/api-docs/" + serviceName;
  }

  static Service named(String serviceName) {
    for (Service service : values()) {
      if (service.serviceName.equals(serviceName)) {
        return service;
      }
    }
    throw new IllegalArgumentException("no service is named " + serviceName);
  }
}
