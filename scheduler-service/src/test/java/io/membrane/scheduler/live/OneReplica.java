package io.membrane.scheduler.live;

import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.TestClock;
import io.membrane.leadership.Leadership;
import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.redis.RedisCalls;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The live fleet of one replica over a connection of its own: four fast instances, eight slow. */
final class OneReplica implements AutoCloseable {

  static final Fleet FLEET =
      new Fleet(
          PolynomialCurve.of(1.8e8, 17280.0),
          List.of(
              new PrefillCluster("far", List.of(new Pool(type("fast", 0.4, 5.5e-5), 4)), 100, 0)),
          "near",
          List.of(new Pool(type("slow", 0.47, 1.5e-4), 8)));
  static final Workload WORKLOAD = new Workload(LogNormalLengths.of(9.9, 1.0, 128, 131_072), 1024);
  static final Configuration PLANNED = Search.best(FLEET, WORKLOAD, Objective.THROUGHPUT);
  static final Duration PERIOD = Duration.ofSeconds(60);

  private final LettuceConnectionFactory connections;
  private final TestClock clock;
  final InFlight inFlight = new InFlight();
  final LiveFleet live;
  final MeasuredLengths lengths;
  final LongTerm longTerm;

  OneReplica(int redisPort, TestClock clock) {
    this(redisPort, clock, null);
  }

  /** A replica whose operator has set t, which makes another description of the fleet. */
  OneReplica(int redisPort, TestClock clock, @Nullable Integer threshold) {
    this.clock = clock;
    connections = RedisConnections.to(redisPort);
    RedisCalls redis = new RedisCalls(connections);
    FleetDescription description =
        new FleetDescription(
            FLEET,
            WORKLOAD,
            threshold == null
                ? PLANNED
                : Configuration.of(FLEET, WORKLOAD, threshold, PLANNED.prefillByPool()),
            EffectiveThreshold.of(WORKLOAD, FLEET.kvBytes()),
            true,
            "threshold " + threshold);
    live =
        new LiveFleet(
            new SharedState(redis),
            description,
            new LiveSettings(
                CongestionSettings.DEFAULT, RegimeSettings.DEFAULT, RoleSettings.DEFAULT, null),
            inFlight,
            clock);
    lengths = new MeasuredLengths(redis, clock);
    longTerm =
        new LongTerm(
            live,
            lengths,
            RoleSettings.DEFAULT,
            threshold == null,
            PERIOD,
            Leadership.ALONE,
            clock);
  }

  /** Link telemetry of {@code far}, a second after what was told before. */
  boolean link(double egressGbps, double queueDepth) {
    clock.advance(Duration.ofSeconds(1));
    return live.report(link("far", null, egressGbps, queueDepth));
  }

  int effectiveThreshold() {
    return live.state().of("far").effectiveThresholdTokens();
  }

  /** What is remembered of {@code far}, which has reported. */
  ClusterMemory remembered() {
    return Objects.requireNonNull(live.snapshot().clusters().get("far")).memory();
  }

  /** Telemetry of {@code near}, a second after what was told before. */
  void stages(int prefill, double prefillBusy, double prefillQueue, double decodeBusy) {
    stages(prefill, 8 - prefill, prefillBusy, prefillQueue, decodeBusy);
  }

  void stages(int prefill, int decode, double prefillBusy, double prefillQueue, double decodeBusy) {
    clock.advance(Duration.ofSeconds(1));
    live.report(
        new Telemetry(
            "near",
            Role.PD,
            null,
            null,
            null,
            null,
            prefillQueue,
            prefillBusy,
            null,
            null,
            prefill,
            decode,
            0.0,
            decodeBusy));
  }

  static Telemetry link(
      String cluster, @Nullable Long sampledAtMs, double egressGbps, double queueDepth) {
    return new Telemetry(
        cluster,
        null,
        sampledAtMs,
        null,
        egressGbps,
        null,
        queueDepth,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  static Telemetry utilisation(String cluster, double share) {
    return new Telemetry(
        cluster, null, null, null, null, null, null, share, null, null, null, null, null, null);
  }

  static Telemetry status(String cluster, Telemetry.Status status) {
    return new Telemetry(
        cluster, null, null, status, null, null, null, null, null, null, null, null, null, null);
  }

  private static InstanceType type(String name, double fixed, double perToken) {
    return new InstanceType(
        name,
        8,
        PolynomialCurve.of(fixed, perToken),
        new Decode(20, 0.025),
        HourlyPrice.constant(2));
  }

  @Override
  public void close() {
    connections.destroy();
  }
}
