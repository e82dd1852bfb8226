package io.membrane.leadership;

/** Metrics of leadership; tag {@value #LEASE_TAG}. The names are an interface. */
public enum LeadershipMetric {
  /** Gauge: 1 if this replica leads, else 0. */
  LEADS("membrane.leadership.leads"),
  /** Counter: how often this replica has become the leader or stepped down. */
  CHANGES("membrane.leadership.changes");

  static final String LEASE_TAG = "lease";

  private final String meter;

  LeadershipMetric(String meter) {
    this.meter = meter;
  }

  /** The meter's name. */
  public String meter() {
    return meter;
  }
}
