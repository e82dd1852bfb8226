package io.membrane.scheduler;

import java.util.Locale;

/** Names of this service's metrics; the names are an interface. */
enum SchedulerMetric {
  /** Counter of decisions; tags {@code role}, {@code transfer}. */
  DECISIONS("membrane.scheduler.decisions"),
  /** Summary of tokens that targets have to compute; tag {@code role}. */
  INCREMENTAL_TOKENS("membrane.scheduler.incremental.tokens"),
  /** Gauge: t in tokens, as configured. */
  THRESHOLD_TOKENS("membrane.scheduler.threshold.tokens");

  private final String id;

  SchedulerMetric(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  static String tag(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
