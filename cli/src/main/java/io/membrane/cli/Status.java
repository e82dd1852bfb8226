package io.membrane.cli;

import io.membrane.cli.fleet.FleetState;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Show the fleet's processes; exit status 1 unless all of them run.")
final class Status implements Callable<Integer> {

  private final Membrane membrane;

  Status(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() {
    PrintWriter out = membrane.out();
    Optional<FleetState> known = FleetState.load(membrane.state());
    if (known.isEmpty()) {
      out.println("No fleet is running.");
      return 1;
    }
    FleetState state = known.get();
    out.print(StatusTable.of(state, InstantSource.system().instant()));
    if (state.running().isEmpty()) {
      out.println("Nothing of it runs any more; ./membrane up starts it again.");
    }
    return state.running().size() == state.members().size() ? 0 : 1;
  }
}
