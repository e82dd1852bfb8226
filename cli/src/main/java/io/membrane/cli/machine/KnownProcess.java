package io.membrane.cli.machine;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that we started, recognised by its id and the time of its start: after the process has
 * ended its id may come to belong to another, which is never touched.
 *
 * @param started when the system says that it was started
 */
public record KnownProcess(long pid, Instant started) {

  /**
   * Starts a process in a session of its own, so that neither Ctrl-C nor the end of a terminal
   * reaches it.
   *
   * @param log file that its output is appended to
   */
  public static KnownProcess start(List<String> command, Path folder, Path log) throws IOException {
    List<String> whole = new ArrayList<>();
    Executables.onPath("setsid").ifPresent(setsid -> whole.add(setsid.toString()));
    whole.addAll(command);
    Process process =
        new ProcessBuilder(whole)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return of(process.toHandle());
  }

  /** The process behind {@code handle}; one that has ended already is known as ended. */
  public static KnownProcess of(ProcessHandle handle) {
    return new KnownProcess(handle.pid(), handle.info().startInstant().orElse(Instant.EPOCH));
  }

  /** The process, if it still runs. */
  public Optional<ProcessHandle> handle() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> handle.info().startInstant().filter(started::equals).isPresent());
  }

  /** Whether it still runs. */
  public boolean runs() {
    return handle().isPresent();
  }

  /** Time since its start. */
  public Duration uptime(Instant now) {
    return Duration.between(started, now);
  }

  /** Resident memory in bytes; empty if it has ended or the system does not say. */
  public OptionalLong residentBytes() {
    if (!runs()) {
      return OptionalLong.empty();
    }
    Path status = Path.of("/proc/" + pid + "/status");
    Optional<Long> kib =
        Files.isReadable(status)
            ? kibOf(status)
            : Output.of("ps", "-o", "rss=", "-p", Long.toString(pid))
                .map(text -> Long.valueOf(text.trim()));
    return kib.map(k -> OptionalLong.of(k * 1024)).orElse(OptionalLong.empty());
  }

  /** Asks it to end, waits for {@code patience}, then ends it. */
  public void stop(Duration patience) {
    handle()
        .ifPresent(handle -> {
          handle.destroy();
          CompletableFuture<ProcessHandle> end = handle.onExit();
          end.completeOnTimeout(handle, patience.toMillis(), TimeUnit.MILLISECONDS).join();
          if (handle.isAlive()) {
            kill();
          }
        });
  }

  /** Ends it at once. */
  public void kill() {
    handle()
        .ifPresent(handle -> {
          handle.destroyForcibly();
          handle.onExit().join();
        });
  }

  /**
   * Sends a signal.
   *
   * @param signal as {@code kill} names it, e.g. {@code STOP}
   */
  public void signal(String signal) {
    if (runs() && Output.of("kill", "-" + signal, Long.toString(pid)).isEmpty()) {
      throw new IllegalStateException("process " + pid + " does not take signal " + signal);
    }
  }

  private static Optional<Long> kibOf(Path status) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .findFirst()
          .map(line -> Long.valueOf(line.replaceAll("\\D", "")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
