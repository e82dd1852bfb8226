package io.membrane.benchmarks.directory;

import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Probe;
import io.membrane.cli.fleet.RedisBinary;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.KnownProcess;
import io.membrane.cli.machine.Port;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A Redis and a directory-service on loopback, with the launcher's options; they end with it. */
final class DirectoryFleet implements Closeable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);
  private static final Duration END_LIMIT = Duration.ofSeconds(15);

  private final Path folder;
  private final List<KnownProcess> started = new ArrayList<>();
  private final int port;
  private final long pid;

  /**
   * Starts both.
   *
   * @param home root of the project, built
   * @param arguments further program arguments of the service
   */
  DirectoryFleet(Path home, List<String> arguments) throws IOException {
    folder = Files.createTempDirectory("membrane-directory-benchmark");
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    List<Integer> free = Port.free(2);
    int redis = free.getFirst();
    port = free.getLast();
    start(
        "redis",
        Launch.redis(RedisBinary.in(folder.resolve("bin")), folder, redis, "4gb"),
        () -> Probe.isReady(Member.REDIS, redis));
    Path java = Executables.java();
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(Launch.jvmOptions(Member.DIRECTORY));
    command.addAll(
        List.of(
            "-jar",
            new Jars(home, java).of(Member.DIRECTORY).toString(),
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--spring.data.redis.url=redis://127.0.0.1:" + redis));
    command.addAll(arguments);
    pid = start("directory", command, () -> Probe.isReady(Member.DIRECTORY, port));
  }

  int port() {
    return port;
  }

  /** Processor seconds that the directory has used. */
  double cpuSeconds() {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(used -> used.toNanos() / 1e9)
        .orElseThrow();
  }

  private long start(String name, List<String> command, BooleanSupplier isReady)
      throws IOException {
    Path log = folder.resolve(name + ".log");
    KnownProcess process = KnownProcess.start(command, Path.of("").toAbsolutePath(), log);
    started.add(process);
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (!isReady.getAsBoolean()) {
      boolean alive = ProcessHandle.of(process.pid()).filter(ProcessHandle::isAlive).isPresent();
      if (!alive || System.nanoTime() > end) {
        throw new IOException(name + " does not start:\n" + Files.readString(log));
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
    return process.pid();
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
