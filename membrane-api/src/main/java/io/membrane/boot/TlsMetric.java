package io.membrane.boot;

/** Metrics of TLS that every service has. */
public enum TlsMetric {
  /** Callers that were refused, by {@link #REASON_TAG}: {@code handshake} or {@code name}. */
  REFUSED("membrane.tls.refused"),
  /** Calls of peers that ended because certificates were refused, by either side. */
  FAILED("membrane.tls.failed"),
  /** How often the certificates of calls were replaced. */
  RELOADS("membrane.tls.reloads");

  static final String REASON_TAG = "reason";

  private final String meter;

  TlsMetric(String meter) {
    this.meter = meter;
  }

  /** The meter's name. */
  public String meter() {
    return meter;
  }
}
