package io.membrane.benchmarks.directory;

import io.membrane.benchmarks.fleet.Processes;
import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Probe;
import io.membrane.cli.fleet.RedisBinary;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.Port;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A Redis and a directory-service on loopback, with the launcher's options, and replicas of it on
 * demand; they end with it.
 */
final class DirectoryFleet implements Closeable {

  private final Processes processes = new Processes();
  private final Path home;
  private final List<String> arguments;
  private final int port;
  private final long pid;
  private final long redisPid;

  /**
   * Starts both.
   *
   * @param home root of the project, built
   * @param arguments further program arguments of the service
   */
  DirectoryFleet(Path home, List<String> arguments) throws IOException {
    Path folder = processes.folder();
    List<Integer> free = Port.free(2);
    int redis = free.getFirst();
    this.home = home;
    this.arguments = new ArrayList<>(arguments);
    this.arguments.add("--spring.data.redis.url=redis://127.0.0.1:" + redis);
    port = free.getLast();
    redisPid =
        processes.start(
            "redis",
            Launch.redis(RedisBinary.in(folder.resolve("bin")), folder, redis, "4gb"),
            () -> Probe.isReady(Member.REDIS, redis));
    pid = start("directory", port);
  }

  /** Starts another directory-service over the same Redis; its port. */
  int startReplica() throws IOException {
    int another = Port.free(1).getFirst();
    start("replica", another);
    return another;
  }

  private long start(String name, int port) throws IOException {
    Path java = Executables.java();
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(Launch.jvmOptions(Member.DIRECTORY));
    command.addAll(
        List.of(
            "-jar",
            new Jars(home, java).of(Member.DIRECTORY).toString(),
            "--server.address=127.0.0.1",
            "--server.port=" + port));
    command.addAll(arguments);
    return processes.start(name, command, () -> Probe.isReady(Member.DIRECTORY, port));
  }

  int port() {
    return port;
  }

  /** Processor seconds that the directory has used. */
  double cpuSeconds() {
    return cpuSeconds(pid);
  }

  /** Processor seconds that Redis has used. */
  double redisCpuSeconds() {
    return cpuSeconds(redisPid);
  }

  /** Processor seconds that the directory's threads have used, by what they are for. */
  Map<String, Double> threadSeconds() {
    return ThreadTime.of(pid);
  }

  private static double cpuSeconds(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(used -> used.toNanos() / 1e9)
        .orElseThrow();
  }

  @Override
  public void close() {
    processes.close();
  }
}
