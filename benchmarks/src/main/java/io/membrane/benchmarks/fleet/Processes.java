package io.membrane.benchmarks.fleet;

import io.membrane.cli.machine.KnownProcess;
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

/** Processes with a folder of their own. They end with it, and the folder goes. */
public final class Processes implements Closeable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);
  private static final Duration END_LIMIT = Duration.ofSeconds(15);

  private final Path folder;
  private final List<KnownProcess> started = new ArrayList<>();

  /** None yet. */
  public Processes() throws IOException {
    folder = Files.createTempDirectory("membrane-benchmark");
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  /** Where they may write. */
  public Path folder() {
    return folder;
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @return its id
   * @throws IOException with what it wrote, if it ends or is not ready within a minute
   */
  public long start(String name, List<String> command, BooleanSupplier isReady) throws IOException {
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
