package io.membrane.scheduler;

import java.util.Locale;

/** Names of this service's metrics; the names are an interface. */
enum SchedulerMetric {
  /** Counter of decisions; tags {@code role}, {@code rule}, {@code transfer}. */
  DECISIONS("membrane.scheduler.decisions"),
  /** Counter of prompts that no cluster took; tag {@code code} of the error. */
  REFUSALS("membrane.scheduler.refusals"),
  /** Summary of tokens that targets have to compute; tag {@code role}. */
  INCREMENTAL_TOKENS("membrane.scheduler.incremental.tokens"),
  /** Gauge: t in tokens. */
  THRESHOLD_TOKENS("membrane.scheduler.threshold.tokens"),
  /** Gauge: t as raised by congestion; tag {@code target}. */
  EFFECTIVE_THRESHOLD_TOKENS("membrane.scheduler.effective.threshold.tokens"),
  /** Gauge: share of the planned offload that a link may carry; tag {@code target}. */
  OFFLOAD_SHARE("membrane.scheduler.offload.share"),
  /** Gauge: 1 if bandwidth is abundant on a link, 0 if scarce; tag {@code target}. */
  ABUNDANT("membrane.scheduler.abundant"),
  /** Gauge: 1 if a cluster takes prompts, 0 if it drains or is gone; tag {@code target}. */
  UP("membrane.scheduler.up"),
  /** Gauge: requests decided by this replica and not finished; tag {@code target}. */
  IN_FLIGHT("membrane.scheduler.in.flight"),
  /** Gauge: egress as last reported, Gbps; tag {@code target}. */
  EGRESS_GBPS("membrane.scheduler.egress.gbps"),
  /** Gauge: rate that the link has, as reported or else described, Gbps; tag {@code target}. */
  LINK_GBPS("membrane.scheduler.link.gbps"),
  /**
   * Gauge: Λ_max of the model at the threshold and roles in force, requests per second; not a
   * number if the fleet is not described.
   */
  MODEL_RPS("membrane.scheduler.model.rps"),
  /** Gauge: instances that are wanted; tag {@code role}. */
  ROLES_WANTED("membrane.scheduler.roles.wanted"),
  /** Gauge: instances that telemetry counts; tag {@code role}. */
  ROLES_ACTUAL("membrane.scheduler.roles.actual"),
  /** Counter of simulations that ended on this replica; tag {@code status}. */
  SIMULATIONS("membrane.scheduler.simulations"),
  /** Gauge: simulations that wait or run on this replica. */
  SIMULATIONS_UNDER_WAY("membrane.scheduler.simulations.under.way");

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
