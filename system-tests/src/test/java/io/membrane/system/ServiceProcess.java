package io.membrane.system;

import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.Port;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** One service as a process of its own, on a free port of the loopback address. */
final class ServiceProcess implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofMinutes(3);

  private final int port = Port.free(1).getFirst();
  private final List<String> command = new ArrayList<>();
  private final File log;
  private @Nullable Process process;

  /**
   * @param name of its log, which lies in {@code target}
   * @param redisUrl its Redis
   */
  ServiceProcess(Member member, String name, String redisUrl, String... arguments) {
    this.log = Path.of("target", name + ".log").toFile();
    Path java = Executables.java();
    Path root = Path.of(System.getProperty("membrane.root"));
    command.add(java.toString());
    command.addAll(Launch.jvmOptions(member));
    command.addAll(List.of("-jar", new Jars(root, java).of(member).toString()));
    command.addAll(
        List.of(
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--spring.data.redis.url=" + redisUrl));
    command.addAll(List.of(arguments));
    Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
  }

  int port() {
    return port;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + port);
  }

  void start() {
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void awaitReady() {
    Http http = new Http(url());
    Awaitility.await()
        .atMost(READY_WITHIN)
        .ignoreException(UncheckedIOException.class)
        .until(() -> http.get("/actuator/health/readiness").status() == 200);
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Asks it to end (SIGTERM). */
  void terminate() {
    Objects.requireNonNull(process, "it was started").destroy();
  }

  /** The exit code of one that ends by itself. */
  int awaitExit(Duration within) throws InterruptedException {
    Process ending = Objects.requireNonNull(process, "it was started");
    if (!ending.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("it still runs after " + within);
    }
    return ending.exitValue();
  }

  /** Ends it at once (SIGKILL). */
  void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }

  @Override
  public void close() {
    kill();
  }
}
