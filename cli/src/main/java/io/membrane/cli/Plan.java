package io.membrane.cli;

import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.Executables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    description = {
      "Plan a fleet: best threshold and split, what binds, what to change first, cost.",
      "Needs no running fleet. Without options it reproduces the paper's case study.",
      "Exit status 2 for a request that cannot be planned."
    })
final class Plan implements Callable<Integer> {

  private final Membrane membrane;

  @Option(
      names = "--file",
      paramLabel = "JSON",
      description = "What to plan: the body of POST /v1/plans. What it leaves out is the case's.")
  private @Nullable Path file;

  @Option(
      names = "--trace",
      paramLabel = "JSONL",
      description =
          "Take the lengths from a trace in the form of the Mooncake traces, after its own"
              + " prefix hits.")
  private @Nullable Path trace;

  @Option(names = "--json", description = "Print the answer of POST /v1/plans.")
  private boolean json;

  Plan(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path java = Executables.java();
    Path jar = new Jars(membrane.home(), java).of(Member.SCHEDULER);
    List<String> command =
        new ArrayList<>(
            List.of(
                java.toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-jar",
                jar.toString(),
                "plan"));
    if (file != null) {
      command.add("--file=" + file);
    }
    if (trace != null) {
      command.add("--trace=" + trace);
    }
    if (json) {
      command.add("--json");
    }
    membrane.out().flush();
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
