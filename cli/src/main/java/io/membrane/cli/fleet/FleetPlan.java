package io.membrane.cli.fleet;

import io.membrane.cli.machine.Port;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What a fleet is to be.
 *
 * @param home root of the project, whose modules are built
 * @param state folder for state, logs and Redis; made if it is not there
 * @param model model directory in Hugging Face form; a relative one is seen from {@code home}
 * @param blockTokens tokens per block
 * @param redis which Redis
 * @param ports by member
 * @param managementPort of the gateway, for its health and metrics; the others serve theirs beside
 *     what they are for
 * @param arguments further program arguments by member, e.g. {@code --membrane.fragment.node=a}
 * @param jsonLogs whether logs are JSON
 * @param readyWithin how long all may take to be ready
 */
public record FleetPlan(
    Path home,
    Path state,
    Path model,
    int blockTokens,
    RedisChoice redis,
    Map<Member, Integer> ports,
    int managementPort,
    Map<Member, List<String>> arguments,
    boolean jsonLogs,
    Duration readyWithin) {

  /** Port of the gateway if nothing else is said. */
  public static final int DEFAULT_PORT_BASE = 8080;

  /** The model that ships with the project, from its root. */
  public static final Path BUNDLED_MODEL = Path.of("models", "tiny-llama");

  /** Where clients of the Membrain protocol look if nothing else is said. */
  private static final int MEMBRAIN_PORT = 9201;

  /** Of the port for the gateway's health and metrics from its own. */
  private static final int MANAGEMENT_OFFSET = 10;

  private static final int MAX_PORT = 65_535;
  private static final int MAX_BLOCK_TOKENS = 65_536;

  public FleetPlan {
    home = home.toAbsolutePath().normalize();
    state = state.toAbsolutePath().normalize();
    model = home.resolve(model).normalize();
    ports = Map.copyOf(ports);
    arguments = Map.copyOf(arguments);
    if (!Files.isRegularFile(model.resolve("config.json"))) {
      throw new FleetProblem(
          model + " is not a model directory: it has no config.json",
          "name a directory in Hugging Face form (config.json, model.safetensors, tokenizer.json)");
    }
    if (blockTokens < 1 || blockTokens > MAX_BLOCK_TOKENS) {
      throw new FleetProblem(
          "a block of " + blockTokens + " tokens is not one", "use 1 to " + MAX_BLOCK_TOKENS);
    }
    ports.forEach((member, port) -> {
      if (port < 1 || port > MAX_PORT) {
        throw new FleetProblem(
            "port " + port + " of " + member.label() + " is not one", "use 1 to " + MAX_PORT);
      }
    });
    if (managementPort < 1 || managementPort > MAX_PORT) {
      throw new FleetProblem(
          "port " + managementPort + " for the gateway's management is not one",
          "use 1 to " + MAX_PORT);
    }
    if (ports.values().stream().distinct().count() != Member.values().length
        || ports.containsValue(managementPort)) {
      throw new FleetProblem(
          "every process needs a port of its own: " + ports, "change --port or --port-base");
    }
  }

  /** The bundled model on the usual ports, with a Redis of its own. */
  public static FleetPlan in(Path home) {
    return new FleetPlan(
        home,
        home.resolve(".membrane"),
        BUNDLED_MODEL,
        256,
        new RedisChoice.Embedded("1gb"),
        portsFrom(DEFAULT_PORT_BASE),
        DEFAULT_PORT_BASE + MANAGEMENT_OFFSET,
        Map.of(),
        false,
        Duration.ofMinutes(3));
  }

  /** The usual ports, moved so that the gateway's is {@code base}. */
  public static Map<Member, Integer> portsFrom(int base) {
    Map<Member, Integer> ports = new EnumMap<>(Member.class);
    for (Member member : Member.values()) {
      ports.put(member, member.port(base));
    }
    return ports;
  }

  /** Ports that are free now. */
  public FleetPlan onFreePorts() {
    Iterator<Integer> free = Port.free(Member.values().length + 1).iterator();
    Map<Member, Integer> chosen = new EnumMap<>(Member.class);
    for (Member member : Member.values()) {
      chosen.put(member, free.next());
    }
    return withPorts(chosen, free.next());
  }

  public FleetPlan withState(Path folder) {
    return new FleetPlan(
        home,
        folder,
        model,
        blockTokens,
        redis,
        ports,
        managementPort,
        arguments,
        jsonLogs,
        readyWithin);
  }

  public FleetPlan withModel(Path directory, int tokensPerBlock) {
    return new FleetPlan(
        home,
        state,
        directory,
        tokensPerBlock,
        redis,
        ports,
        managementPort,
        arguments,
        jsonLogs,
        readyWithin);
  }

  public FleetPlan withRedis(RedisChoice choice) {
    return new FleetPlan(
        home,
        state,
        model,
        blockTokens,
        choice,
        ports,
        managementPort,
        arguments,
        jsonLogs,
        readyWithin);
  }

  /** On these; management as far from the gateway as it usually is. */
  public FleetPlan withPorts(Map<Member, Integer> chosen) {
    return withPorts(chosen, chosen.getOrDefault(Member.GATEWAY, 0) + MANAGEMENT_OFFSET);
  }

  /** On these ports. */
  public FleetPlan withPorts(Map<Member, Integer> chosen, int management) {
    return new FleetPlan(
        home,
        state,
        model,
        blockTokens,
        redis,
        chosen,
        management,
        arguments,
        jsonLogs,
        readyWithin);
  }

  /** Further program arguments of one member, instead of those that it had. */
  public FleetPlan withArguments(Member member, String... more) {
    Map<Member, List<String>> all = new EnumMap<>(Member.class);
    all.putAll(arguments);
    all.put(member, List.of(more));
    return new FleetPlan(
        home, state, model, blockTokens, redis, ports, managementPort, all, jsonLogs, readyWithin);
  }

  public FleetPlan withJsonLogs(boolean json) {
    return new FleetPlan(
        home,
        state,
        model,
        blockTokens,
        redis,
        ports,
        managementPort,
        arguments,
        json,
        readyWithin);
  }

  /**
   * Port of the Membrain protocol: 9201, moved with the others; -1, none, if these do not stand
   * together, so that fleets on ports of their own do not meet there.
   */
  int membrainPort() {
    int base = port(Member.GATEWAY);
    int port = MEMBRAIN_PORT - DEFAULT_PORT_BASE + base;
    return ports.equals(portsFrom(base)) && port <= MAX_PORT ? port : -1;
  }

  /** Whether everybody who reaches the gateway may do everything: unless something else is said. */
  public boolean isAnonymous() {
    return arguments.getOrDefault(Member.GATEWAY, List.of()).stream()
        .noneMatch(argument -> argument.startsWith("--membrane.gateway.security."));
  }

  /** Port at which a member is asked for its health and metrics. */
  public int healthPort(Member member) {
    return member == Member.GATEWAY ? managementPort : port(member);
  }

  /** Port of a member. */
  public int port(Member member) {
    Integer port = ports.get(member);
    if (port == null) {
      throw new IllegalStateException("no port for " + member.label());
    }
    return port;
  }
}
