package io.membrane.reload;

/** Metrics of live settings. The names are an interface. */
public enum ReloadMetric {
  /** Counter: how often changed settings were put in force. */
  RELOADS("membrane.reload.reloads"),
  /** Counter: how often the file was refused, and the settings stayed. */
  REFUSALS("membrane.reload.refusals"),
  /** Gauge: 1 if what the file says is in force, 0 if it was refused. */
  CURRENT("membrane.reload.current");

  private final String meter;

  ReloadMetric(String meter) {
    this.meter = meter;
  }

  /** The meter's name. */
  public String meter() {
    return meter;
  }
}
