package io.membrane.cli;

import io.membrane.cli.fleet.FleetState;
import io.membrane.cli.fleet.FleetState.MemberState;
import io.membrane.cli.fleet.Probe;
import io.membrane.cli.machine.KnownProcess;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/** A fleet as a table: process, port, state, memory, time since its start. */
final class StatusTable {

  private static final long MIB = 1024 * 1024;

  private StatusTable() {}

  static String of(FleetState fleet, Instant now) {
    StringBuilder table =
        new StringBuilder(
            "%-24s %8s %6s %-10s %9s %10s%n"
                .formatted("process", "pid", "port", "state", "memory", "uptime"));
    long total = 0;
    for (MemberState each : fleet.members()) {
      KnownProcess process = each.process();
      OptionalLong resident = process.residentBytes();
      total += resident.orElse(0);
      table.append(
          "%-24s %8d %6d %-10s %9s %10s%n"
              .formatted(
                  each.member().label(),
                  process.pid(),
                  each.port(),
                  state(each),
                  resident.isPresent() ? resident.getAsLong() / MIB + " MiB" : "-",
                  process.runs() ? inWords(process.uptime(now)) : "-"));
    }
    return table.append("%-24s %37s MiB%n".formatted("together", total / MIB)).toString();
  }

  /** E.g. {@code 2h 05m}, {@code 17s}. */
  static String inWords(Duration time) {
    if (time.toHours() > 0) {
      return "%dh %02dm".formatted(time.toHours(), time.toMinutesPart());
    }
    return time.toMinutes() > 0
        ? "%dm %02ds".formatted(time.toMinutes(), time.toSecondsPart())
        : time.toSeconds() + "s";
  }

  private static String state(MemberState each) {
    if (!each.process().runs()) {
      return "ended";
    }
    return Probe.isReady(each.member(), each.healthPort()) ? "ready" : "not ready";
  }
}
