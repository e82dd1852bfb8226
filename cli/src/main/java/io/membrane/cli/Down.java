package io.membrane.cli;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetState;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "End the fleet, last started first.")
final class Down implements Callable<Integer> {

  private final Membrane membrane;

  Down(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() {
    PrintWriter out = membrane.out();
    Optional<FleetState> known = FleetState.load(membrane.state());
    if (known.filter(state -> !state.running().isEmpty()).isEmpty()) {
      FleetState.clear(membrane.state());
      out.println("No fleet is running.");
      return 0;
    }
    Fleet.stop(
        known.get(),
        new Progress() {
          @Override
          public void stopping(Member member) {
            out.println(member.label() + " stopping");
            out.flush();
          }
        });
    FleetState.clear(membrane.state());
    return 0;
  }
}
