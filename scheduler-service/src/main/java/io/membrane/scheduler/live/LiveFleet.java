package io.membrane.scheduler.live;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.LinkSample;
import io.membrane.scheduler.control.LocalLoad;
import io.membrane.scheduler.control.RegimeSwitch;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.routing.FleetState;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running fleet. Telemetry changes the memory of one cluster in Redis; every replica reads all
 * of it once a second and judges it into a snapshot, by which routes are decided without a lock or
 * a call. While Redis is gone the last snapshot holds: what nobody could report counts neither as
 * silence nor as news. Thread-safe.
 */
public final class LiveFleet {

  /** Clusters that are remembered; more are refused. */
  static final int MAX_CLUSTERS = 256;

  private static final String CLUSTER = "cluster:";
  private static final String ROLES = "roles";

  /** A cluster that has been gone for so long is forgotten. */
  private static final Duration FORGOTTEN_AFTER = Duration.ofDays(1);

  private static final Logger log = LoggerFactory.getLogger(LiveFleet.class);

  private final SharedState shared;
  private volatile FleetRules rules;
  private final InFlight inFlight;
  private final Clock clock;
  private final MeasuredSpeeds speeds = new MeasuredSpeeds();
  private volatile Snapshot snapshot;
  private volatile boolean readable = true;

  /** The fleet, of which only the description is known before the first {@link #refresh()}. */
  public LiveFleet(
      SharedState shared,
      FleetDescription description,
      LiveSettings settings,
      InFlight inFlight,
      Clock clock) {
    this.shared = shared;
    this.inFlight = inFlight;
    this.clock = clock;
    this.rules = FleetRules.of(description, settings, speeds);
    this.snapshot = rules.judge().judge(clock.instant(), firstRoles(), Map.of());
  }

  /** Judges by another description and other settings from now on. */
  public synchronized void judgeBy(FleetDescription description, LiveSettings settings) {
    boolean isOther = !rules.description().fingerprint().equals(description.fingerprint());
    rules = FleetRules.of(description, settings, speeds);
    replace(
        rules
            .judge()
            .judge(clock.instant(), isOther ? firstRoles() : snapshot.roles(), memories()));
  }

  /** What routes are decided by. */
  public FleetState state() {
    return snapshot.state();
  }

  /** {@link FleetDescription#sustainedRps} as things are. */
  public double modelRps() {
    return rules.description().sustainedRps(snapshot.roles());
  }

  Snapshot snapshot() {
    return snapshot;
  }

  FleetDescription description() {
    return rules.description();
  }

  MeasuredSpeeds speeds() {
    return speeds;
  }

  /**
   * Replaces what was described as a cluster's T_prefill(l), from the next judgement on.
   *
   * @param tokens lengths, increasing; less than two change nothing
   * @param seconds of a cold prefill of each
   * @throws IllegalArgumentException if the cluster is not described or a row is wrong
   */
  public void measured(String cluster, double[] tokens, double[] seconds) {
    ClusterCost described =
        rules.description().cost(cluster, firstRoles().prefillByPool(), 1, Instant.EPOCH);
    if (described == null) {
      throw new IllegalArgumentException("cluster '%s' has no instances".formatted(cluster));
    }
    speeds.measured(cluster, described.prefillSeconds(), tokens, seconds);
  }

  /** What has been decided by this replica and is not finished. */
  InFlight inFlight() {
    return inFlight;
  }

  /**
   * Takes telemetry in.
   *
   * @return false if something newer was known already, so that nothing changed
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST}, {@link
   *     ErrorCode#QUOTA_EXCEEDED} beyond {@value #MAX_CLUSTERS} clusters, {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis is gone
   */
  public boolean report(Telemetry given) {
    Instant now = clock.instant();
    Telemetry told = given.checked(now);
    String name = told.name();
    makeRoom(name);
    boolean[] taken = new boolean[1];
    ClusterMemory memory =
        shared.update(
            CLUSTER + name,
            ClusterMemory.class,
            before -> {
              ClusterMemory known = before.orElse(null);
              Telemetry stamped = told.stamped(now, known == null ? null : known.last());
              taken[0] = known == null || stamped.isAfter(known.last());
              return known == null || taken[0] ? after(known, stamped, now) : known;
            });
    synchronized (this) {
      Map<String, ClusterMemory> memories = memories();
      memories.put(name, memory);
      replace(rules.judge().judge(now, snapshot.roles(), memories));
    }
    return taken[0];
  }

  /** Beyond the limit the one that has been gone for longest is forgotten. */
  private void makeRoom(String name) {
    Map<String, LiveCluster> clusters = snapshot.clusters();
    if (clusters.containsKey(name) || clusters.size() < MAX_CLUSTERS) {
      return;
    }
    String longestGone =
        clusters.keySet().stream()
            .filter(snapshot::gone)
            .min(Comparator.comparing(c -> receivedAt(clusters, c)))
            .orElseThrow(() ->
                new MembraneException(
                    ErrorCode.QUOTA_EXCEEDED,
                    "%d clusters report already; one that falls silent makes room"
                        .formatted(MAX_CLUSTERS)));
    shared.remove(CLUSTER + longestGone);
    refresh();
  }

  private static Instant receivedAt(Map<String, LiveCluster> clusters, String name) {
    return Objects.requireNonNull(clusters.get(name)).memory().receivedAt();
  }

  private ClusterMemory after(@Nullable ClusterMemory before, Telemetry told, Instant now) {
    Role role = role(told, before);
    // Two samples never have the same time, even if they come in the same millisecond.
    Instant at =
        before == null || now.isAfter(before.receivedAt())
            ? now
            : before.receivedAt().plusMillis(1);
    LinkSample sample = told.link(at, describedGbps(told.name()));
    CongestionControl.State pressure =
        before == null ? CongestionControl.State.INITIAL : before.congestion();
    RegimeSwitch.State regime =
        before == null
            ? RegimeSwitch.State.initial(rules.settings().firstRegime())
            : before.regimeState();
    return ClusterMemory.of(
        before,
        role,
        told,
        at,
        role == Role.PREFILL ? rules.congestion().step(pressure, sample, localLoad()) : pressure,
        rules.settings().fixedRegime() == null ? rules.regimes().step(regime, sample) : regime);
  }

  /** Load of the prefill beside the decode nodes, as last reported. */
  private LocalLoad localLoad() {
    return snapshot.clusters().values().stream()
        .filter(c -> c.role() == Role.PD && c.condition().availability() == Availability.UP)
        .findFirst()
        .map(c -> c.memory().last().local(Math.max(1, snapshot.roles().nP())))
        .orElse(LocalLoad.UNKNOWN);
  }

  private Role role(Telemetry told, @Nullable ClusterMemory before) {
    if (told.role() != null) {
      return told.role();
    }
    Role described = rules.description().role(told.name());
    if (described != null) {
      return described;
    }
    return before == null ? Role.PREFILL : before.role();
  }

  private double describedGbps(String name) {
    return rules
        .description()
        .prefillCluster(name)
        .map(PrefillCluster::linkGbps)
        .orElse(Double.NaN);
  }

  /** Reads what all replicas know; keeps what is known while Redis is gone. */
  public void refresh() {
    Map<String, String> all;
    try {
      all = shared.all();
    } catch (MembraneException e) {
      if (readable) {
        log.warn("routes are decided by what was known last: {}", e.detail());
        readable = false;
      }
      return;
    }
    if (!readable) {
      log.info("Redis answers again");
      readable = true;
    }
    Instant now = clock.instant();
    String fingerprint = rules.description().fingerprint();
    Map<String, ClusterMemory> memories = new HashMap<>();
    all.forEach((field, json) -> {
      if (field.startsWith(CLUSTER)) {
        ClusterMemory memory = SharedState.parse(json, ClusterMemory.class);
        if (memory.receivedAt().plus(FORGOTTEN_AFTER).isBefore(now)) {
          shared.remove(field);
        } else {
          memories.put(field.substring(CLUSTER.length()), memory);
        }
      }
    });
    RoleControl.State roles =
        Optional.ofNullable(all.get(ROLES))
            .map(json -> SharedState.parse(json, KeptRoles.class))
            .filter(this::isOwn)
            .map(KeptRoles::state)
            .orElseGet(this::firstRoles);
    judge(fingerprint, now, roles, memories);
  }

  /**
   * Changes roles and threshold for all replicas of this description. Those of another one are
   * replaced once they are old: until then its replicas are there, and the fleet is theirs.
   *
   * @param old how long roles of another description have not been changed then
   * @return false if the fleet is another description's, and nothing changed
   */
  boolean updateRoles(Duration old, UnaryOperator<RoleControl.State> change) {
    Instant now = clock.instant();
    KeptRoles kept =
        shared.update(
            ROLES,
            KeptRoles.class,
            found -> {
              KeptRoles before = found.orElse(null);
              if (before != null && !isOwn(before) && before.changedSince(now.minus(old))) {
                return before;
              }
              RoleControl.State state =
                  before != null && isOwn(before) ? before.state() : firstRoles();
              return new KeptRoles(rules.description().fingerprint(), change.apply(state));
            });
    if (!isOwn(kept)) {
      return false;
    }
    judge(kept.fingerprint(), now, kept.state(), memories());
    return true;
  }

  /** Does nothing if the roles are another description's, which may have come meanwhile. */
  private synchronized void judge(
      String fingerprint,
      Instant now,
      RoleControl.State roles,
      Map<String, ClusterMemory> memories) {
    if (fingerprint.equals(rules.description().fingerprint())) {
      replace(rules.judge().judge(now, roles, memories));
    }
  }

  private boolean isOwn(KeptRoles kept) {
    return kept.fingerprint().equals(rules.description().fingerprint());
  }

  private RoleControl.State firstRoles() {
    return RoleControl.State.initial(
        rules.description().planned().thresholdTokens(),
        rules.description().planned().prefillByPool());
  }

  private Map<String, ClusterMemory> memories() {
    Map<String, ClusterMemory> memories = new HashMap<>();
    snapshot.clusters().forEach((name, c) -> memories.put(name, c.memory()));
    return memories;
  }

  private void replace(Snapshot next) {
    next.clusters()
        .forEach((name, cluster) -> {
          if (next.gone(name) && !snapshot.gone(name)) {
            InFlight.Load lost = inFlight.forget(name);
            log.warn(
                "cluster '{}' is gone: {}; {} requests were on their way to it",
                name,
                cluster.condition().availabilityReason(),
                lost.requests());
          }
        });
    snapshot = next;
  }
}
