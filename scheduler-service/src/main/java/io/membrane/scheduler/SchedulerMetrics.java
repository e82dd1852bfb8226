package io.membrane.scheduler;

import io.membrane.rpc.ErrorCode;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LiveView;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.Decision;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Counts decisions, and shows the running fleet as gauges. */
@Component
class SchedulerMetrics {

  private final MeterRegistry meters;
  private final MultiGauge effective;
  private final MultiGauge share;
  private final MultiGauge abundant;
  private final MultiGauge up;
  private final MultiGauge inFlight;
  private final MultiGauge egress;
  private final MultiGauge link;
  private final MultiGauge wanted;
  private final MultiGauge actual;

  SchedulerMetrics(MeterRegistry meters, LiveFleet live) {
    this.meters = meters;
    Gauge.builder(SchedulerMetric.THRESHOLD_TOKENS.id(), live, l -> l.state().thresholdTokens())
        .register(meters);
    Gauge.builder(SchedulerMetric.MODEL_RPS.id(), live, LiveFleet::modelRps).register(meters);
    this.effective = gauges(SchedulerMetric.EFFECTIVE_THRESHOLD_TOKENS);
    this.share = gauges(SchedulerMetric.OFFLOAD_SHARE);
    this.abundant = gauges(SchedulerMetric.ABUNDANT);
    this.up = gauges(SchedulerMetric.UP);
    this.inFlight = gauges(SchedulerMetric.IN_FLIGHT);
    this.egress = gauges(SchedulerMetric.EGRESS_GBPS);
    this.link = gauges(SchedulerMetric.LINK_GBPS);
    this.wanted = gauges(SchedulerMetric.ROLES_WANTED);
    this.actual = gauges(SchedulerMetric.ROLES_ACTUAL);
  }

  private MultiGauge gauges(SchedulerMetric metric) {
    return MultiGauge.builder(metric.id()).register(meters);
  }

  void count(Decision decision) {
    String role = SchedulerMetric.tag(decision.role());
    meters
        .counter(
            SchedulerMetric.DECISIONS.id(),
            "role",
            role,
            "rule",
            SchedulerMetric.tag(decision.rule()),
            "transfer",
            Boolean.toString(decision.transfer() != null))
        .increment();
    meters
        .summary(SchedulerMetric.INCREMENTAL_TOKENS.id(), "role", role)
        .record(decision.incrementalTokens());
  }

  /** Counts a prompt that no cluster took. */
  void refused(ErrorCode code) {
    meters.counter(SchedulerMetric.REFUSALS.id(), "code", code.code()).increment();
  }

  /** Shows the fleet as it is now. */
  void show(LiveView view) {
    List<LiveView.Cluster> links =
        view.clusters().stream().filter(c -> c.role() == Role.PREFILL).toList();
    rows(effective, links, LiveView.Cluster::effectiveThresholdTokens);
    rows(share, links, LiveView.Cluster::share);
    rows(abundant, links, c -> c.regime() == Regime.ABUNDANT ? 1 : 0);
    rows(up, view.clusters(), c -> c.availability() == Availability.UP ? 1 : 0);
    rows(inFlight, view.clusters(), c -> c.inFlight().requests());
    rows(egress, links, c -> orNaN(c.last().egressGbps()));
    rows(link, links, c -> orNaN(c.linkGbps()));
    LiveView.Roles roles = view.roles();
    rows(wanted, roles == null ? null : roles.wanted());
    rows(actual, roles == null ? null : roles.actual());
  }

  private static double orNaN(@Nullable Double measured) {
    return measured == null ? Double.NaN : measured;
  }

  private static void rows(
      MultiGauge gauge,
      List<LiveView.Cluster> clusters,
      ToDoubleFunction<LiveView.Cluster> figure) {
    List<Row<?>> rows = new ArrayList<>();
    for (LiveView.Cluster c : clusters) {
      rows.add(Row.of(Tags.of("target", c.cluster()), figure.applyAsDouble(c)));
    }
    gauge.register(rows, true);
  }

  private static void rows(MultiGauge gauge, LiveView.@Nullable Count count) {
    gauge.register(
        count == null
            ? List.of()
            : List.of(
                Row.of(Tags.of("role", "prefill"), count.prefill()),
                Row.of(Tags.of("role", "decode"), count.decode())),
        true);
  }
}
