package io.membrane.cli;

import io.membrane.cli.check.SelfCheck;
import io.membrane.cli.check.Verdict;
import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.FleetState;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.cli.fleet.RedisChoice;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Start Redis and the six services, check them, and stay until Ctrl-C.")
final class Up implements Callable<Integer> {

  private final Membrane membrane;

  @Option(names = "--detach", description = "Leave the fleet running and return.")
  private boolean detach;

  @Option(
      names = "--redis",
      paramLabel = "URL",
      description = "Use this Redis instead of one of the fleet's own.")
  private @Nullable URI redis;

  @Option(
      names = "--redis-memory",
      paramLabel = "SIZE",
      description =
          "Memory of the fleet's own Redis; past it the least recently used fragments"
              + " go. Default: ${DEFAULT-VALUE}.")
  private String redisMemory = "1gb";

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model directory in Hugging Face form. Default: the bundled tiny-llama.")
  private @Nullable Path model;

  @Option(
      names = "--block-tokens",
      paramLabel = "N",
      description = "Tokens per block. Default: ${DEFAULT-VALUE}.")
  private int blockTokens = 256;

  @Option(
      names = "--port-base",
      paramLabel = "PORT",
      description = "Port of the gateway; the others follow it. Default: ${DEFAULT-VALUE}.")
  private int portBase = FleetPlan.DEFAULT_PORT_BASE;

  @Option(
      names = "--port",
      paramLabel = "NAME=PORT",
      description = "Port of one process, e.g. --port gateway=9000. May be repeated.")
  private Map<String, Integer> ports = new HashMap<>();

  @Option(names = "--json-logs", description = "Write logs as JSON.")
  private boolean jsonLogs;

  Up(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = membrane.out();
    Optional<FleetState> known = FleetState.load(membrane.state());
    if (known.filter(state -> !state.running().isEmpty()).isPresent()) {
      out.println("A fleet runs already:");
      out.print(StatusTable.of(known.get(), InstantSource.system().instant()));
      out.println("./membrane down ends it.");
      out.flush();
      return known.get().running().size() == known.get().members().size() ? 0 : 1;
    }
    long start = System.nanoTime();
    Fleet fleet = Fleet.start(plan(), new Lines(out));
    if (!check(fleet, out)) {
      fleet.close();
      return 1;
    }
    out.printf(
        "Membrane is up after %.1f s: %s%n",
        Duration.ofNanos(System.nanoTime() - start).toMillis() / 1e3, fleet.url(Member.GATEWAY));
    out.println("Everybody who reaches this machine's loopback address may do everything.");
    if (detach) {
      fleet.detach();
      out.println("./membrane status | logs | down");
      return 0;
    }
    out.println("Ctrl-C ends it.");
    out.flush();
    for (var ended = fleet.awaitEnd(); ended.isPresent(); ended = fleet.awaitEnd()) {
      out.printf("%s has ended; its log: %s%n", ended.get().label(), fleet.log(ended.get()));
      out.flush();
    }
    return 1;
  }

  private FleetPlan plan() {
    Map<Member, Integer> chosen = FleetPlan.portsFrom(portBase);
    ports.forEach((name, port) -> chosen.put(Member.named(name), port));
    return FleetPlan.in(membrane.home())
        .withState(membrane.state())
        .withPorts(chosen)
        .withModel(model == null ? FleetPlan.BUNDLED_MODEL : model.toAbsolutePath(), blockTokens)
        .withRedis(
            redis == null ? new RedisChoice.Embedded(redisMemory) : new RedisChoice.Existing(redis))
        .withJsonLogs(jsonLogs);
  }

  private static boolean check(Fleet fleet, PrintWriter out)
      throws IOException, InterruptedException {
    out.println();
    Verdict verdict = new SelfCheck(fleet.url(Member.GATEWAY), new Random()).run();
    out.print(verdict.table());
    out.println();
    verdict.problems().forEach(out::println);
    out.flush();
    return verdict.isWell();
  }

  /** A line per event. */
  private record Lines(PrintWriter out) implements Progress {

    @Override
    public void started(Member member, long pid, int port) {
      out.printf("%-24s starting on port %d, pid %d%n", member.label(), port, pid);
      out.flush();
    }

    @Override
    public void ready(Member member, Duration after) {
      out.printf("%-24s ready after %.1f s%n", member.label(), after.toMillis() / 1e3);
      out.flush();
    }

    @Override
    public void stopping(Member member) {
      out.printf("%-24s stopping%n", member.label());
      out.flush();
    }
  }
}
