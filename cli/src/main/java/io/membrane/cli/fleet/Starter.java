package io.membrane.cli.fleet;

import io.membrane.cli.fleet.FleetState.MemberState;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.KnownProcess;
import io.membrane.cli.machine.Port;
import io.membrane.cli.machine.PortOwner;
import io.membrane.cli.machine.RedisProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** Starts the members of one plan. */
final class Starter {

  private static final Duration POLL = Duration.ofMillis(150);
  private static final Duration REDIS_PATIENCE = Duration.ofSeconds(5);
  private static final int SHOWN_LOG_LINES = 30;

  private final FleetPlan plan;
  private final Progress progress;
  private final URI redis;
  private final Launch launch;
  private final Jars jars;
  private final Path logs;
  private long startNanos = System.nanoTime();

  Starter(FleetPlan plan, Progress progress) {
    this.plan = plan;
    this.progress = progress;
    this.redis =
        switch (plan.redis()) {
          case RedisChoice.Embedded embedded ->
              URI.create("redis://127.0.0.1:" + plan.port(Member.REDIS));
          case RedisChoice.Existing(URI url) -> url;
        };
    this.launch = new Launch(plan, redis);
    this.jars = new Jars(plan.home(), Executables.java());
    this.logs = plan.state().resolve("logs");
  }

  URI redis() {
    return redis;
  }

  /** Whether the fleet runs this member itself. */
  boolean isOurs(Member member) {
    return member.isService() || plan.redis() instanceof RedisChoice.Embedded;
  }

  /** Checks and unpacks everything that can be before a process is started. */
  void prepare() {
    checkPorts();
    if (plan.redis() instanceof RedisChoice.Existing) {
      checkRedis();
    }
    Member.services().parallelStream().forEach(jars::of);
    try {
      Files.createDirectories(logs);
      for (Member member : Member.values()) {
        Files.deleteIfExists(log(member));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    startNanos = System.nanoTime();
  }

  MemberState launch(Member member) {
    try {
      KnownProcess process = KnownProcess.start(command(member), plan.state(), log(member));
      progress.started(member, process.pid(), plan.port(member));
      return new MemberState(
          member, process, plan.port(member), plan.healthPort(member), log(member));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until all of {@code members} are ready; one that ends in the meantime is a problem. */
  void awaitReady(FleetState state, List<Member> members) {
    Set<Member> waiting = EnumSet.copyOf(members);
    long end = System.nanoTime() + plan.readyWithin().toNanos();
    while (true) {
      for (Iterator<Member> each = waiting.iterator(); each.hasNext(); ) {
        Member member = each.next();
        checkRuns(state, member);
        if (Probe.isReady(member, plan.healthPort(member))) {
          progress.ready(member, Duration.ofNanos(System.nanoTime() - startNanos));
          each.remove();
        }
      }
      if (waiting.isEmpty()) {
        return;
      }
      if (System.nanoTime() > end) {
        Member slow = waiting.iterator().next();
        throw new FleetProblem(
            slow.label() + " is not ready after " + plan.readyWithin().toSeconds() + " s",
            "look at the end of its log:\n" + tail(slow));
      }
      LockSupport.parkNanos(POLL.toNanos());
      if (Thread.currentThread().isInterrupted()) {
        throw new FleetProblem("interrupted", "start again");
      }
    }
  }

  private List<String> command(Member member) {
    if (plan.redis() instanceof RedisChoice.Embedded(String maxMemory) && member == Member.REDIS) {
      Path executable = RedisBinary.in(plan.state().resolve("redis"));
      return Launch.redis(executable, plan.state(), plan.port(member), maxMemory);
    }
    return launch.service(member, Executables.java(), jars.of(member));
  }

  private void checkRuns(FleetState state, Member member) {
    if (state.of(member).filter(known -> known.process().runs()).isEmpty()) {
      throw new FleetProblem(
          member.label() + " ended during its start", "the end of its log:\n" + tail(member));
    }
  }

  private void checkPorts() {
    for (Member member : Member.values()) {
      if (isOurs(member)) {
        checkFree(member, plan.port(member));
      }
    }
    checkFree(Member.GATEWAY, plan.healthPort(Member.GATEWAY));
  }

  private static void checkFree(Member member, int port) {
    if (!Port.isFree(port)) {
      throw new FleetProblem(
          "port %d, wanted for %s, is taken by %s"
              .formatted(port, member.label(), PortOwner.describe(port)),
          "use --port %s=<port> to move %s alone, or --port-base <port> to move all"
              .formatted(member.label(), member.label()));
    }
  }

  private void checkRedis() {
    try {
      RedisProbe.check(redis, REDIS_PATIENCE);
    } catch (IOException e) {
      throw new FleetProblem(
          "no Redis that can be used at "
              + redis.getHost()
              + (redis.getPort() < 0 ? "" : ":" + redis.getPort())
              + ": "
              + e.getMessage(),
          "start it, correct the URL, or leave --redis out to get one of the fleet's own");
    }
  }

  private Path log(Member member) {
    return logs.resolve(member.label() + ".log");
  }

  private String tail(Member member) {
    try {
      return String.join("\n", LogTail.of(log(member), SHOWN_LOG_LINES));
    } catch (IOException e) {
      return log(member) + " cannot be read: " + e.getMessage();
    }
  }
}
