package io.membrane.scheduler.live;

import io.membrane.leadership.Leadership;
import io.membrane.scheduler.control.Period;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.control.StageLoad;
import io.membrane.scheduler.live.ClusterMemory.Sample;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Long-term control over the running fleet: each period of measured lengths and stage loads is one
 * step of {@link RoleControl}, made by the replica that leads. While a lead changes hands two may
 * try: the step that is written first counts. Blocks; thread-safe.
 */
public final class LongTerm {

  /** Roles of another description that have not been stepped for so long are left over. OURS. */
  private static final int PERIODS_UNTIL_OLD = 2;

  private record Rules(RoleControl control, boolean thresholdMoves) {}

  private final LiveFleet live;
  private final MeasuredLengths lengths;
  private volatile Rules rules;
  private final Duration period;
  private final Leadership leadership;
  private final Clock clock;
  private volatile String idle = "no period has passed yet";
  private volatile @Nullable Instant lastStep;

  /**
   * Control of this fleet.
   *
   * @param thresholdMoves false if the operator has set t
   * @param leadership whether this replica controls
   */
  public LongTerm(
      LiveFleet live,
      MeasuredLengths lengths,
      RoleSettings settings,
      boolean thresholdMoves,
      Duration period,
      Leadership leadership,
      Clock clock) {
    this.live = live;
    this.lengths = lengths;
    this.rules = new Rules(new RoleControl(settings), thresholdMoves);
    this.period = period;
    this.leadership = leadership;
    this.clock = clock;
  }

  /** Controls by other settings from the next step on. */
  public void controlBy(RoleSettings settings, boolean thresholdMoves) {
    rules = new Rules(new RoleControl(settings), thresholdMoves);
  }

  /** Why the last period was no step; empty if it was one. */
  public String idle() {
    return idle;
  }

  /**
   * Whether this replica leads and made the last step, and so is the one to carry out what is
   * wanted.
   */
  public boolean leads() {
    Instant last = lastStep;
    return last != null && last.equals(live.snapshot().roles().at()) && leadership.leads();
  }

  /**
   * Makes a step if its time has come.
   *
   * @return whether this replica made it
   */
  public boolean step() {
    Instant now = clock.instant();
    Snapshot known = live.snapshot();
    FleetDescription description = live.description();
    LiveCluster pd = known.clusters().get(description.fleet().pdName());
    if (!description.own()) {
      idle = "the fleet is not described; set membrane.scheduler.fleet";
      return false;
    }
    if (!leadership.leads()) {
      idle = "another replica controls the fleet, or none has begun to";
      return false;
    }
    if (pd == null || pd.memory().receivedAt().isBefore(now.minus(period))) {
      idle = "cluster '%s' does not report".formatted(description.fleet().pdName());
      return false;
    }
    Instant since = now.minus(period);
    OptionalDouble prefill = mean(pd, since, Sample::utilisation);
    OptionalDouble decode = mean(pd, since, Sample::decodeUtilisation);
    List<Integer> split = split(description.fleet(), known.roles(), pd.memory().last());
    if (prefill.isEmpty() || decode.isEmpty() || split == null) {
      idle =
          "telemetry of '%s' lacks utilisation, decode_utilisation, prefill_instances or"
                  .formatted(description.fleet().pdName())
              + " decode_instances, or counts other instances than are described";
      return false;
    }
    Map<Integer, Double> histogram = lengths.lastHour();
    Lengths measured =
        histogram.isEmpty()
            ? description.workload().input()
            : EmpiricalLengths.ofWeights(histogram);
    Period seen =
        new Period(
            now,
            measured,
            Math.round(histogram.values().stream().mapToDouble(n -> n).sum()),
            description.workload().outputTokens(),
            new StageLoad(prefill.getAsDouble(), mean(pd, since, Sample::queueDepth).orElse(0)),
            new StageLoad(
                decode.getAsDouble(), mean(pd, since, Sample::decodeQueueDepth).orElse(0)),
            split);
    Fleet fleet = asMeasured(description.fleet(), known, live.speeds());
    boolean[] due = new boolean[1];
    boolean ours =
        live.updateRoles(
            period.multipliedBy(PERIODS_UNTIL_OLD),
            before -> {
              due[0] = before.at() == null || !now.isBefore(before.at().plus(period));
              return due[0] ? stepped(before, fleet, seen) : before;
            });
    if (!ours) {
      idle = "replicas with another description of the fleet control it until they are gone";
      return false;
    }
    idle = "";
    if (due[0]) {
      lastStep = now;
    }
    return due[0];
  }

  private RoleControl.State stepped(RoleControl.State before, Fleet fleet, Period seen) {
    Rules by = rules;
    RoleControl.State after = by.control.step(before, fleet, seen);
    return by.thresholdMoves
        ? after
        : new RoleControl.State(
            before.thresholdTokens(),
            after.prefillByPool(),
            after.phase(),
            after.direction(),
            after.since(),
            after.at(),
            after.reason());
  }

  private static OptionalDouble mean(
      LiveCluster cluster, Instant since, Function<Sample, @Nullable Double> figure) {
    return cluster.memory().window().stream()
        .filter(s -> s.atMs() >= since.toEpochMilli())
        .map(figure)
        .filter(Objects::nonNull)
        .mapToDouble(Double::doubleValue)
        .average();
  }

  /** Who prefills, by pool; null if the counts are not those of the fleet. */
  private static @Nullable List<Integer> split(
      Fleet fleet, RoleControl.State wanted, Telemetry told) {
    Integer prefill = told.prefillInstances();
    Integer decode = told.decodeInstances();
    if (prefill == null || decode == null || prefill + decode > fleet.pdInstances()) {
      return null;
    }
    if (wanted.nP() == prefill) {
      return wanted.prefillByPool();
    }
    // Telemetry counts instances, not kinds: those that prefill are taken to be where they are
    // wanted, and then from the first pool on.
    List<Integer> split = new ArrayList<>(wanted.prefillByPool());
    int missing = prefill - wanted.nP();
    for (int j = 0; j < split.size() && missing != 0; j++) {
      int n = Math.clamp(split.get(j) + missing, 0, fleet.pd().get(j).instances());
      missing -= n - split.get(j);
      split.set(j, n);
    }
    return missing == 0 ? split : null;
  }

  /** The fleet without the clusters that are gone, with links and speeds as they are measured. */
  private static Fleet asMeasured(Fleet fleet, Snapshot known, MeasuredSpeeds speeds) {
    List<PrefillCluster> prefill = new ArrayList<>();
    for (PrefillCluster c : fleet.prefill()) {
      if (!known.gone(c.name())) {
        LiveCluster live = known.clusters().get(c.name());
        Double gbps = live == null ? null : live.memory().last().linkGbps();
        prefill.add(
            new PrefillCluster(
                c.name(),
                speeds.of(c.name(), c.pools()),
                gbps == null ? c.linkGbps() : gbps,
                c.usdPerGb()));
      }
    }
    return new Fleet(
        fleet.kvBytes(), prefill, fleet.pdName(), speeds.of(fleet.pdName(), fleet.pd()));
  }
}
