package io.membrane.kubernetes;

/** Metrics of discovery by Kubernetes. The names are an interface. */
public enum DiscoveryMetric {
  /** Gauge: instances of all services that are known. */
  INSTANCES("membrane.discovery.instances"),
  /** Counter: how often the Kubernetes API did not answer as it should. */
  FAILURES("membrane.discovery.failures");

  private final String meter;

  DiscoveryMetric(String meter) {
    this.meter = meter;
  }

  /** The meter's name. */
  public String meter() {
    return meter;
  }
}
