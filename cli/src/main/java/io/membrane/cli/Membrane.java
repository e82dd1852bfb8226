package io.membrane.cli;

import io.membrane.cli.fleet.FleetProblem;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line. */
@Command(
    name = "membrane",
    mixinStandardHelpOptions = true,
    version = "membrane 0.1.0-SNAPSHOT",
    description = "Shared memory for LLM serving fleets, on this machine.",
    synopsisSubcommandLabel = "COMMAND",
    footer = "  test    Run everything that CI runs.")
public final class Membrane {

  @Option(
      names = "--home",
      hidden = true,
      scope = ScopeType.INHERIT,
      description = "Root of the project; the launcher sets it.")
  private Path home = Path.of("");

  private final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);

  private Membrane() {}

  /** Runs a command; the exit status is 0, 1 for a problem, 2 for a wrong command line. */
  public static void main(String[] args) {
    Membrane membrane = new Membrane();
    int status = membrane.commandLine().execute(args);
    membrane.out.flush();
    System.exit(status);
  }

  /** The root of the project. */
  Path home() {
    return home.toAbsolutePath().normalize();
  }

  /** Where state and logs are. */
  Path state() {
    return home().resolve(".membrane");
  }

  /** Where answers go. */
  PrintWriter out() {
    return out;
  }

  private CommandLine commandLine() {
    return new CommandLine(this)
        .addSubcommand(new Up(this))
        .addSubcommand(new Down(this))
        .addSubcommand(new Status(this))
        .addSubcommand(new Logs(this))
        .addSubcommand(new Plan(this))
        .addSubcommand(new Profile(this))
        .addSubcommand(new Key(this))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((e, command, parsed) -> {
          command.getErr().println(e.getMessage() == null ? e.toString() : e.getMessage());
          if (e instanceof FleetProblem problem) {
            command.getErr().println(problem.advice());
          }
          return 1;
        });
  }
}
