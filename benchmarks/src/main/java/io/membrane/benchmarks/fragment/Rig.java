package io.membrane.benchmarks.fragment;

import io.membrane.benchmarks.fleet.Processes;
import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Probe;
import io.membrane.cli.fleet.RedisBinary;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.Port;
import io.membrane.cli.machine.PortOwner;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The measured processes on loopback. Those that it has started end with it. */
final class Rig implements Closeable {

  /**
   * What is to be measured.
   *
   * @param home root of the project
   * @param redisServer redis-server to start; null: the one that ships with the project
   * @param redisMemory its limit, as Redis writes it
   * @param serviceArguments further program arguments of the service
   * @param redisPort of a Redis that runs already, which is emptied; null: one is started
   * @param servicePort of a service that runs already; null: one is started
   * @param maxBytes length of the longest value
   */
  record Wanted(
      Path home,
      @Nullable Path redisServer,
      String redisMemory,
      List<String> serviceArguments,
      @Nullable Integer redisPort,
      @Nullable Integer servicePort,
      int maxBytes) {}

  /** A process that listens. */
  record Server(int port, long pid) {}

  private final Wanted wanted;
  private final Processes processes = new Processes();
  private final Path java = Executables.java();
  private final Server redis;
  private final Server service;
  private final Server loopback;

  Rig(Wanted wanted) throws IOException {
    this.wanted = wanted;
    List<Integer> free = Port.free(3);
    this.redis = wanted.redisPort == null ? startRedis(free.get(0)) : running(wanted.redisPort);
    this.service =
        wanted.servicePort == null ? startService(free.get(1)) : running(wanted.servicePort);
    this.loopback = startLoopback(free.get(2));
  }

  Server redis() {
    return redis;
  }

  Server service() {
    return service;
  }

  Server loopback() {
    return loopback;
  }

  private Server startRedis(int port) throws IOException {
    Path folder = processes.folder();
    Path executable =
        wanted.redisServer == null ? RedisBinary.in(folder.resolve("bin")) : wanted.redisServer;
    return start(
        "redis",
        port,
        Launch.redis(executable, folder, port, wanted.redisMemory),
        () -> Probe.isReady(Member.REDIS, port));
  }

  private Server startService(int port) throws IOException {
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(Launch.jvmOptions(Member.FRAGMENT));
    command.addAll(
        List.of(
            "-jar",
            new Jars(wanted.home, java).of(Member.FRAGMENT).toString(),
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--spring.data.redis.url=redis://127.0.0.1:" + redis.port));
    command.addAll(wanted.serviceArguments);
    return start("service", port, command, () -> Probe.isReady(Member.FRAGMENT, port));
  }

  private Server startLoopback(int port) throws IOException {
    return start(
        "loopback",
        port,
        List.of(
            java.toString(),
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            LoopbackServer.class.getName(),
            Integer.toString(port),
            Integer.toString(wanted.maxBytes)),
        () -> !Port.isFree(port));
  }

  private Server start(String name, int port, List<String> command, BooleanSupplier isReady)
      throws IOException {
    return new Server(port, processes.start(name, command, isReady));
  }

  private static Server running(int port) {
    return new Server(
        port,
        PortOwner.of(port)
            .map(ProcessHandle::pid)
            .orElseThrow(() -> new IllegalArgumentException("nobody listens on port " + port)));
  }

  @Override
  public void close() {
    processes.close();
  }
}
