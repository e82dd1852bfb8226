package io.membrane.cli.fleet;

import io.membrane.cli.fleet.FleetState.MemberState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A Redis and the six services as processes of this machine, on the loopback address.
 *
 * <pre>{@code
 * try (Fleet fleet = Fleet.start(FleetPlan.in(root).onFreePorts().withState(folder), Progress.SILENT)) {
 *   call(fleet.url(Member.GATEWAY));
 *   fleet.kill(Member.FRAGMENT);
 *   fleet.restart(Member.FRAGMENT);
 * }
 * }</pre>
 *
 * It ends with {@link #close} or with this JVM, unless it was {@link #detach detached}. Not
 * thread-safe.
 */
public final class Fleet implements AutoCloseable {

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(12);

  private final FleetPlan plan;
  private final Starter starter;
  private final Progress progress;
  private final Thread atExit;
  private FleetState state;
  private volatile boolean ending;

  private Fleet(FleetPlan plan, Progress progress) {
    this.plan = plan;
    this.progress = progress;
    this.starter = new Starter(plan, progress);
    this.state = new FleetState(starter.redis(), List.of());
    this.atExit = new Thread(this::stopAll, "fleet-end");
  }

  /**
   * Starts a fleet and waits until every member is ready. If that fails nothing is left running.
   *
   * @throws FleetProblem with what is in the way: a taken port, a jar that is not built, a service
   *     that ended (with the last lines of its log), time that ran out
   */
  public static Fleet start(FleetPlan plan, Progress progress) {
    try {
      Files.createDirectories(plan.state());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (StartLock lock = StartLock.of(plan.state())) {
      lock.check();
      refuseSecond(plan);
      Fleet fleet = new Fleet(plan, progress);
      fleet.starter.prepare();
      Runtime.getRuntime().addShutdownHook(fleet.atExit);
      try {
        fleet.startAll();
        return fleet;
      } catch (RuntimeException e) {
        fleet.close();
        throw e;
      }
    }
  }

  /** Ends the processes of {@code state} that still run, last started first. */
  public static void stop(FleetState state, Progress progress) {
    for (MemberState each : state.running().reversed()) {
      progress.stopping(each.member());
      each.process().signal("CONT");
      each.process().stop(STOP_PATIENCE);
    }
  }

  /** What runs where. */
  public FleetState state() {
    return state;
  }

  /** Base URL of a service. */
  public URI url(Member service) {
    return member(service).url();
  }

  /** URL of the Redis in use. */
  public URI redis() {
    return state.redis();
  }

  /** Where a member's output goes. */
  public Path log(Member member) {
    return member(member).log();
  }

  /** Ends a member at once, as a crash would. */
  public void kill(Member member) {
    member(member).process().kill();
  }

  /** Starts a member again on its port, after asking a running one to end; waits until ready. */
  public void restart(Member member) {
    member(member).process().stop(STOP_PATIENCE);
    launch(member);
    starter.awaitReady(state, List.of(member));
  }

  /** Stops a member from answering while its connections stay open; {@link #resume} undoes it. */
  public void pause(Member member) {
    member(member).process().signal("STOP");
  }

  /** Undoes {@link #pause}. */
  public void resume(Member member) {
    member(member).process().signal("CONT");
  }

  /** From now on the fleet outlives this object and this JVM. */
  public void detach() {
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  /** Waits until a member that runs now has ended; empty if none runs or all are being ended. */
  public Optional<Member> awaitEnd() {
    CompletableFuture<?>[] ends =
        state.running().stream()
            .flatMap(each ->
                each.process().handle().stream()
                    .map(handle -> handle.onExit().thenApply(ended -> each.member())))
            .toArray(CompletableFuture<?>[]::new);
    if (ends.length == 0) {
      return Optional.empty();
    }
    Member ended = (Member) CompletableFuture.anyOf(ends).join();
    return ending ? Optional.empty() : Optional.of(ended);
  }

  /** Ends all members, last started first. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      return; // The JVM is ending: the hook does it.
    }
    stopAll();
  }

  private synchronized void stopAll() {
    ending = true;
    stop(state, progress);
    FleetState.clear(plan.state());
  }

  private void startAll() {
    for (Member member : Member.values()) {
      if (!starter.isOurs(member)) {
        continue;
      }
      launch(member);
      if (!member.isService()) {
        starter.awaitReady(state, List.of(member));
      }
    }
    starter.awaitReady(state, Member.services());
  }

  private synchronized void launch(Member member) {
    state = state.with(starter.launch(member));
    state.save(plan.state());
  }

  private MemberState member(Member member) {
    return state
        .of(member)
        .orElseThrow(() -> new IllegalStateException("the fleet did not start " + member.label()));
  }

  private static void refuseSecond(FleetPlan plan) {
    if (FleetState.load(plan.state()).filter(known -> !known.running().isEmpty()).isPresent()) {
      throw new FleetProblem(
          "a fleet runs already in " + plan.state(), "end it first: ./membrane down");
    }
  }
}
