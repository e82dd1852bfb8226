package io.membrane.cli;

import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.FleetState;
import io.membrane.cli.fleet.FleetState.MemberState;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.measure.Measurement;
import io.membrane.cli.measure.Measurement.Settings;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    description = {
      "Measure how fast a running worker prefills and how much KV that makes.",
      "Prints JSON that plan --file accepts; add clusters that name the profile."
    })
final class Profile implements Callable<Integer> {

  private final Membrane membrane;

  @Option(
      names = "--model",
      paramLabel = "ID",
      description = "Model to measure. Default: the only one that is served.")
  private @Nullable String model;

  @Option(
      names = "--lengths",
      paramLabel = "N",
      split = ",",
      description =
          "Prompt lengths in tokens, at least two; rounded up to whole blocks."
              + " Default: ${DEFAULT-VALUE}.")
  private List<Integer> lengths = List.of(256, 512, 1024, 2048);

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "Prompts of each length. Default: ${DEFAULT-VALUE}.")
  private int repeats = 3;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      description = "GPUs of the measured instance. Default: ${DEFAULT-VALUE}.")
  private int gpus = 1;

  @Option(
      names = "--gateway",
      paramLabel = "URL",
      description = "Gateway of the fleet. Default: that of the fleet that runs here.")
  private @Nullable URI gateway;

  Profile(Membrane membrane) {
    this.membrane = membrane;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Measurement measurement =
        new Measurement(
            gateway == null ? ofThisMachine() : gateway, new Random(), System.err::println);
    membrane.out().println(measurement.run(new Settings(model, lengths, repeats, gpus)));
    return 0;
  }

  private URI ofThisMachine() {
    return FleetState.load(membrane.state()).stream()
        .flatMap(state -> state.running().stream())
        .filter(running -> running.member() == Member.GATEWAY)
        .map(MemberState::url)
        .findFirst()
        .orElse(URI.create("http://127.0.0.1:" + FleetPlan.DEFAULT_PORT_BASE));
  }
}
