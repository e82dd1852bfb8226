package io.membrane.benchmarks.directory;

import static io.membrane.benchmarks.directory.FleetOptions.clientCpuSeconds;

import io.membrane.benchmarks.directory.EventBodies.Form;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Events in batches over REST, one node on each connection: how many a second, and the processor
 * time of each in the directory (by what its threads are for), in Redis and in this client, whose
 * bodies were made before. All are on the same cores; processor time is of use where the clock is
 * not.
 *
 * <pre>
 * mvn package -DskipTests
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.directory.EventLoad
 * </pre>
 */
@Command(
    name = "EventLoad",
    mixinStandardHelpOptions = true,
    description = "Measures the directory's intake of events over REST.")
public final class EventLoad implements Callable<Integer> {

  @Mixin private FleetOptions directory = new FleetOptions();

  @Option(names = "--connections", description = "Default: ${DEFAULT-VALUE}.")
  private int connections = 4;

  @Option(names = "--batch", description = "Events of a batch; may be repeated.")
  private List<Integer> batches = new ArrayList<>(List.of(100, 1000));

  @Option(names = "--form", description = "One of ${COMPLETION-CANDIDATES}; may be repeated.")
  private List<Form> forms = new ArrayList<>(List.of(Form.values()));

  @Option(names = "--blocks", description = "Blocks of a node. Default: ${DEFAULT-VALUE}.")
  private int blocks = 20_000;

  @Option(names = "--seconds", description = "Time of a turn. Default: ${DEFAULT-VALUE}.")
  private double seconds = 5;

  @Option(names = "--turns", description = "Default: ${DEFAULT-VALUE}.")
  private int turns = 3;

  @Option(names = "--warm-up", description = "Seconds before the first turn.")
  private double warmUp = 20;

  private int nodes;

  public static void main(String[] args) {
    System.exit(new CommandLine(new EventLoad()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    for (Form form : forms) {
      System.out.printf(
          Locale.ROOT,
          "floor: %s over loopback by 1,000, both ends: %.2f µs of processor an event%n",
          form,
          EventFloor.loopback(new EventBodies(nodes++, form, 1000, 10)));
    }
    System.out.printf(
        Locale.ROOT, "floor: the digits of a hash: %.3f µs of processor%n", EventFloor.hash());
    try (DirectoryFleet fleet = directory.start()) {
      for (Form form : forms) {
        for (int batch : batches) {
          List<EventBodies> bodies = bodies(form, batch);
          play(fleet, bodies, warmUp / batches.size() / forms.size());
          for (int turn = 0; turn < turns; turn++) {
            report(form, batch, fleet, bodies);
          }
        }
      }
    }
    return 0;
  }

  private List<EventBodies> bodies(Form form, int batch) {
    List<EventBodies> bodies = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      bodies.add(new EventBodies(nodes++, form, batch, Math.max(1, blocks / batch)));
    }
    return bodies;
  }

  private void report(Form form, int batch, DirectoryFleet fleet, List<EventBodies> bodies)
      throws Exception {
    Map<String, Double> threads = fleet.threadSeconds();
    double directory = fleet.cpuSeconds();
    double redis = fleet.redisCpuSeconds();
    double client = clientCpuSeconds();
    long start = System.nanoTime();
    long events = play(fleet, bodies, seconds);
    double elapsed = (System.nanoTime() - start) / 1e9;
    double each = 1e6 / events;
    System.out.printf(
        Locale.ROOT,
        "%s, %.0f bytes, by %,d: %,.0f/s; processor µs an event: directory %.2f (%s), Redis %.2f,"
            + " client %.2f%n",
        form,
        bodies.getFirst().bytesPerEvent(),
        batch,
        events / elapsed,
        (fleet.cpuSeconds() - directory) * each,
        fleet.threadSeconds().entrySet().stream()
            .map(t ->
                "%s %.2f"
                    .formatted(
                        t.getKey(), (t.getValue() - threads.getOrDefault(t.getKey(), 0.0)) * each))
            .collect(Collectors.joining(", ")),
        (fleet.redisCpuSeconds() - redis) * each,
        (clientCpuSeconds() - client) * each);
  }

  private long play(DirectoryFleet fleet, List<EventBodies> bodies, double time) throws Exception {
    long end = System.nanoTime() + (long) (time * 1e9);
    try (ExecutorService threads = Executors.newFixedThreadPool(connections)) {
      List<Future<Long>> sent = new ArrayList<>();
      for (EventBodies own : bodies) {
        sent.add(threads.submit(() -> send(fleet, own, end)));
      }
      long events = 0;
      for (Future<Long> one : sent) {
        events += one.get();
      }
      return events;
    }
  }

  private static long send(DirectoryFleet fleet, EventBodies bodies, long end) throws IOException {
    long from = bodies.sent();
    try (KeptConnection connection = new KeptConnection(fleet.port())) {
      while (System.nanoTime() < end) {
        connection.receive(bodies.next());
      }
    }
    return bodies.sent() - from;
  }
}
