package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.reconstruction.flight.Claim;
import io.membrane.reconstruction.flight.Lease;
import io.membrane.reconstruction.flight.Leases;
import io.membrane.reconstruction.plan.Costs;
import io.membrane.reconstruction.plan.Links;
import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Planner;
import io.membrane.reconstruction.plan.PrefillProfile;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.SharedWork;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the plan of a task and carries it out. Blocks that another call is just computing are
 * waited for, and then matched like any others. Thread-safe.
 */
final class Execution {

  private static final Logger log = LoggerFactory.getLogger(Execution.class);

  /** Further failures of others are not waited for: then every caller computes for itself. */
  private static final int MOST_WAITS = 2;

  /** What was waited for is read: everybody who waited comes at once. */
  private static final double NEVER_COMPUTED_AGAIN = Double.POSITIVE_INFINITY;

  private static final Duration UNBOUNDED = Duration.ofHours(1);

  private final Inventory inventory;
  private final Prefilling prefilling;
  private final Leases leases;
  private final Watermark watermark;
  private final Links links;
  private final double leastGainMs;

  Execution(
      Inventory inventory,
      Prefilling prefilling,
      Leases leases,
      Watermark watermark,
      Links links,
      double leastGainMs) {
    this.inventory = inventory;
    this.prefilling = prefilling;
    this.leases = leases;
    this.watermark = watermark;
    this.links = links;
    this.leastGainMs = leastGainMs;
  }

  /** The plan alone, from what the directory names. */
  Proposal propose(Task task, Stored stored, Phases phases) {
    return propose(task, stored, leastGainMs, phases);
  }

  private Proposal propose(Task task, Stored stored, double leastGain, Phases phases) {
    if (!task.mustCompute(stored)) {
      return new Proposal(stored, Planner.withoutPrefill(task.prompt(), stored), null);
    }
    RouteResponse route = phases.route(() -> prefilling.route(task, stored));
    Costs costs =
        new Costs(links, task.server(route.target()).profile(), leastGain, !task.isHybrid());
    return new Proposal(stored, Planner.withPrefill(task.prompt(), stored, route, costs), route);
  }

  /** Makes a plan and carries it out, alone or after others that compute the same. */
  Done run(Task task, Stored named, Phases phases) {
    Proposal proposal = checked(task, named, leastGainMs, phases);
    for (int waits = 0; proposal.isShared(); waits++) {
      BlockHash last = task.prompt().blockHashes().getLast();
      switch (leases.claim(last)) {
        case Claim.Granted granted -> {
          try (Lease lease = granted.lease()) {
            return shared(task, proposal, lease, phases);
          }
        }
        case Claim.Unknown unknown -> {
          log.warn("a prompt is computed without a lease: {}", unknown.cause().getMessage());
          return carryOut(task, proposal, phases, null, Flight.ALONE);
        }
        case Claim.Busy busy -> {
          if (waits == MOST_WAITS) {
            return carryOut(task, proposal, phases, null, Flight.ALONE);
          }
          watermark.seen(phases.waiting(() -> leases.awaitEnd(last)));
          proposal = matched(task, phases);
        }
      }
    }
    return carryOut(task, proposal, phases, null, phases.hasWaited() ? Flight.JOINED : Flight.NONE);
  }

  /** Goes on without its own caller for as long as others wait for it. */
  private Done shared(Task task, Proposal proposal, Lease lease, Phases phases) {
    try {
      return SharedWork.call(
          CallContext.currentOr(UNBOUNDED),
          lease::isAwaited,
          () -> lead(task, proposal, lease, phases));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the last holder stored may be newer than the match that the plan was made from. */
  private Done lead(Task task, Proposal made, Lease lease, Phases phases) {
    Proposal proposal = made;
    String before = lease.storedBefore();
    if (before != null || phases.hasWaited()) {
      watermark.seen(before);
      proposal = matched(task, phases);
    }
    return carryOut(
        task, proposal, phases, lease, proposal.isShared() ? Flight.LED : Flight.JOINED);
  }

  private Proposal matched(Task task, Phases phases) {
    return checked(
        task,
        phases.match(() -> inventory.match(task.prompt(), task.reusable(), task.needs())),
        phases.hasWaited() ? NEVER_COMPUTED_AGAIN : leastGainMs,
        phases);
  }

  /** Where nothing is computed nobody finds out later that the bytes are gone. */
  private Proposal checked(Task task, Stored named, double leastGain, Phases phases) {
    Stored stored =
        task.mustCompute(named)
            ? named
            : phases.match(() -> inventory.verify(task.prompt(), named, task.needs()));
    return propose(task, stored, leastGain, phases);
  }

  private Done carryOut(
      Task task, Proposal proposal, Phases phases, @Nullable Lease lease, Flight flight) {
    Plan plan = proposal.plan();
    RouteResponse route = proposal.route();
    if (route == null) {
      return new Done(
          plan,
          plan.described(null),
          null,
          null,
          null,
          proposal.gone(),
          plan.declinedBlocks(),
          saved(task, plan, 0),
          flight);
    }
    Prefilling.Result result = prefilling.carryOut(task, plan, route.target());
    if (lease != null) {
      lease.stored(result.logPosition());
    }
    phases.worker(result.timings());
    return new Done(
        result.plan(),
        plan.described(route),
        route,
        result.nextToken(),
        result.tail(),
        proposal.gone() + result.missing(),
        plan.declinedBlocks() + result.outrun(),
        saved(task.server(route.target()).profile(), result.plan(), result.timings().fetch()),
        flight);
  }

  /** Where nothing is computed the first worker stands for whoever would have computed. */
  private static double saved(Task task, Plan plan, double fetchMs) {
    return task.servers().isEmpty() ? 0 : saved(task.servers().getFirst().profile(), plan, fetchMs);
  }

  private static double saved(@Nullable PrefillProfile profile, Plan plan, double fetchMs) {
    return profile == null ? 0 : Math.max(0, plan.reusedMs(profile) - fetchMs);
  }
}
