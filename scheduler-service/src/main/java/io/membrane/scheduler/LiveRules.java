package io.membrane.scheduler;

import io.membrane.boot.StartupProblem;
import io.membrane.reload.LiveSettings;
import io.membrane.scheduler.live.FleetDescription;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LongTerm;
import io.membrane.scheduler.routing.RoutingPolicy;
import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.properties.bind.Binder;

/**
 * The rules by which prompts are routed and the fleet is controlled, exchanged while the scheduler
 * runs: fleet and links, thresholds, regime, routing, congestion, headroom and roles. Thread-safe.
 */
final class LiveRules implements LiveSettings {

  private static final String NAME = "membrane.scheduler";

  private final SchedulerProperties first;
  private final FleetDescription described;
  private final LiveFleet live;
  private final LongTerm longTerm;
  private volatile RoutingPolicy policy;
  private volatile List<Path> files;

  LiveRules(
      SchedulerProperties properties,
      FleetDescription described,
      LiveFleet live,
      LongTerm longTerm) {
    this.first = properties;
    this.described = described;
    this.live = live;
    this.longTerm = longTerm;
    this.policy = new RoutingPolicy(properties.checked().routingSettings());
    this.files = files(properties);
  }

  /** By which prompts are routed now. */
  RoutingPolicy policy() {
    return policy;
  }

  @Override
  public List<String> prefixes() {
    return List.of(
        NAME + ".fleet",
        NAME + ".threshold-tokens",
        NAME + ".regime",
        NAME + ".routing.",
        NAME + ".congestion.",
        NAME + ".headroom.",
        NAME + ".roles.");
  }

  @Override
  public List<Path> files() {
    return files;
  }

  @Override
  public Runnable prepared(Binder properties) {
    SchedulerProperties next = properties.bindOrCreate(NAME, SchedulerProperties.class).checked();
    FleetDescription fleet = FleetFile.described(next);
    check(next, fleet);
    RoutingPolicy routing = new RoutingPolicy(next.routingSettings());
    var judged = next.live();
    return () -> {
      policy = routing;
      files = files(next);
      live.judgeBy(fleet, judged);
      longTerm.controlBy(judged.roles(), next.thresholdTokens() == null);
    };
  }

  private void check(SchedulerProperties next, FleetDescription fleet) {
    require(
        next.roles().period().equals(first.roles().period()),
        NAME + ".roles.period is another",
        "Leave it as it is, or restart the scheduler.");
    require(
        first.profiles().keySet().stream().allMatch(fleet::hasOneKind),
        "a cluster of membrane.scheduler.profiles is no cluster of one kind of the new fleet",
        "Leave it in the fleet, or restart the scheduler with other profiles.");
    require(
        fleet.own() == described.own()
            && fleet.fleet().pdInstances() == described.fleet().pdInstances(),
        "the PD cluster of the new fleet has another number of instances",
        "Restart the scheduler: what it scales by is read at its start.");
  }

  private static void require(boolean holds, String what, String instead) {
    if (!holds) {
      throw new StartupProblem(what, instead);
    }
  }

  private static List<Path> files(SchedulerProperties properties) {
    Path fleet = properties.fleet();
    return fleet == null ? List.of() : List.of(fleet);
  }
}
