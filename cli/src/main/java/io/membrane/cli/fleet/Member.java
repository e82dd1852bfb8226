package io.membrane.cli.fleet;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The processes of a fleet in the order of their start. */
public enum Member {
  REDIS("redis", 6),
  DIRECTORY("directory-service", 1),
  FRAGMENT("fragment-service", 2),
  RECONSTRUCTION("reconstruction-service", 3),
  SCHEDULER("scheduler-service", 4),
  COMPUTE("compute-worker", 5),
  GATEWAY("gateway", 0);

  private final String label;
  private final int portOffset;

  Member(String label, int portOffset) {
    this.label = label;
    this.portOffset = portOffset;
  }

  /** Its name for people, files and configuration; a service's is its module's. */
  public String label() {
    return label;
  }

  /** Its port when the gateway's is {@code base}. */
  public int port(int base) {
    return base + portOffset;
  }

  /** Whether it is one of ours, with health and metrics over HTTP. */
  public boolean isService() {
    return this != REDIS;
  }

  /** The services, in the order of their start. */
  public static List<Member> services() {
    return Arrays.stream(values()).filter(Member::isService).toList();
  }

  /**
   * The member of that name.
   *
   * @throws FleetProblem if there is none
   */
  public static Member named(String label) {
    return Arrays.stream(values())
        .filter(member -> member.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new FleetProblem(
                "no process of the fleet is named " + label,
                "use one of "
                    + Arrays.stream(values())
                        .map(Member::label)
                        .collect(Collectors.joining(", "))));
  }
}
