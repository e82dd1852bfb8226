package io.membrane.benchmarks.fragment;

import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Probe;
import io.membrane.cli.fleet.RedisBinary;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.KnownProcess;
import io.membrane.cli.machine.Port;
import io.membrane.cli.machine.PortOwner;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
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

  private static final Duration START_LIMIT = Duration.ofMinutes(1);
  private static final Duration END_LIMIT = Duration.ofSeconds(15);

  private final Wanted wanted;
  private final Path folder;
  private final Path java = Executables.java();
  private final List<KnownProcess> started = new ArrayList<>();
  private final Server redis;
  private final Server service;
  private final Server loopback;

  Rig(Wanted wanted) throws IOException {
    this.wanted = wanted;
    this.folder = Files.createTempDirectory("membrane-fragment-benchmark");
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
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
    Path executable =
        wanted.redisServer == null ? RedisBinary.in(folder.resolve("bin")) : wanted.redisServer;
    Server server =
        start("redis", port, Launch.redis(executable, folder, port, wanted.redisMemory));
    await(server, "redis", Member.REDIS);
    return server;
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
    Server server = start("service", port, command);
    await(server, "service", Member.FRAGMENT);
    return server;
  }

  private Server startLoopback(int port) throws IOException {
    Server server =
        start(
            "loopback",
            port,
            List.of(
                java.toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                LoopbackServer.class.getName(),
                Integer.toString(port),
                Integer.toString(wanted.maxBytes)));
    await(server, "loopback", null);
    return server;
  }

  private Server start(String name, int port, List<String> command) throws IOException {
    KnownProcess process = KnownProcess.start(command, Path.of("").toAbsolutePath(), log(name));
    started.add(process);
    return new Server(port, process.pid());
  }

  private void await(Server server, String name, @Nullable Member member) throws IOException {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (member == null ? Port.isFree(server.port) : !Probe.isReady(member, server.port)) {
      boolean alive = ProcessHandle.of(server.pid).filter(ProcessHandle::isAlive).isPresent();
      if (!alive || System.nanoTime() > end) {
        throw new IOException(name + " does not start:\n" + Files.readString(log(name)));
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  private static Server running(int port) {
    return new Server(
        port,
        PortOwner.of(port)
            .map(ProcessHandle::pid)
            .orElseThrow(() -> new IllegalArgumentException("nobody listens on port " + port)));
  }

  @Override
  public synchronized void close() {
    if (!Files.exists(folder)) {
      return;
    }
    started.reversed().forEach(process -> process.stop(END_LIMIT));
    started.clear();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      System.err.println(folder + " is left behind: " + e.getMessage());
    }
  }
}
