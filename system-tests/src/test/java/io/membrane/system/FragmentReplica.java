package io.membrane.system;

import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Launch;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.Executables;
import io.membrane.cli.machine.Port;
import io.membrane.fixture.FaultProxy;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A fragment-service as a process of its own, with a proxy between it and Redis and another between
 * it and some of its callers.
 */
final class FragmentReplica implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofSeconds(90);

  private final int port = Port.free(1).getFirst();
  private final FaultProxy toRedis;
  private final FaultProxy toCallers = new FaultProxy(port);
  private final List<String> command = new ArrayList<>();
  private final File log;
  private final URI direct = URI.create("http://127.0.0.1:" + port);
  private @Nullable Process process;

  FragmentReplica(String name, int redisPort, String... arguments) {
    this.toRedis = new FaultProxy(redisPort);
    this.log = Path.of("target", name + ".log").toFile();
    Path java = Executables.java();
    Path root = Path.of(System.getProperty("membrane.root"));
    command.add(java.toString());
    command.addAll(Launch.jvmOptions(Member.FRAGMENT));
    command.addAll(List.of("-jar", new Jars(root, java).of(Member.FRAGMENT).toString()));
    command.addAll(
        List.of(
            "--server.address=127.0.0.1",
            "--server.port=" + port,
            "--spring.data.redis.url=redis://127.0.0.1:" + toRedis.port()));
    command.addAll(List.of(arguments));
    Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
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
    Http http = new Http(direct);
    Awaitility.await()
        .atMost(READY_WITHIN)
        .ignoreException(UncheckedIOException.class)
        .until(() -> http.get("/actuator/health/readiness").status() == 200);
  }

  /** Ends it at once (SIGKILL). */
  void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }

  /** Where callers find it. */
  URI url(boolean throughProxy) {
    return throughProxy ? toCallers.url() : direct;
  }

  FaultProxy toRedis() {
    return toRedis;
  }

  FaultProxy toCallers() {
    return toCallers;
  }

  @Override
  public void close() {
    kill();
    toRedis.close();
    toCallers.close();
  }
}
