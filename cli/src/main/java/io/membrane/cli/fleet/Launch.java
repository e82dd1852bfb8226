package io.membrane.cli.fleet;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The command line of each member. */
public final class Launch {

  /**
   * Serial GC and compact headers for the least memory; C1 alone, for the least CPU at the start,
   * where few payload bytes pass and nothing is simulated. Six together on two cores: ready after
   * 31 s, 1.7 GB resident.
   */
  private static final List<String> EVERY_JVM =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:+ExitOnOutOfMemoryError",
          "-Xss512k");

  /** All listen on the loopback address: whoever reaches it is at this machine. */
  private static final String ANONYMOUS = "--membrane.gateway.security.anonymous=true";

  private final FleetPlan plan;
  private final URI redis;

  Launch(FleetPlan plan, URI redis) {
    this.plan = plan;
    this.redis = redis;
  }

  /** A redis-server that keeps nothing on disk and refuses to grow past its memory. */
  public static List<String> redis(Path executable, Path folder, int port, String maxMemory) {
    return List.of(
        executable.toString(),
        "--port",
        Integer.toString(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder.toString(),
        "--save",
        "",
        "--appendonly",
        "no",
        "--maxmemory",
        maxMemory,
        "--maxmemory-policy",
        "noeviction");
  }

  /** A service from its unpacked jar. */
  List<String> service(Member member, Path java, Path jar) {
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(jvmOptions(member));
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(
        List.of(
            "--server.address=127.0.0.1",
            "--server.port=" + plan.port(member),
            "--spring.main.banner-mode=off"));
    if (plan.jsonLogs()) {
      command.add("--logging.structured.format.console=ecs");
    }
    command.addAll(properties(member));
    command.addAll(plan.arguments().getOrDefault(member, List.of()));
    return command;
  }

  /** All options of a service's JVM. */
  public static List<String> jvmOptions(Member member) {
    List<String> all = new ArrayList<>(EVERY_JVM);
    all.addAll(jvmOptionsOf(member));
    return all;
  }

  /** Those that differ from service to service. */
  static List<String> jvmOptionsOf(Member member) {
    return switch (member) {
      case REDIS -> throw new IllegalArgumentException("Redis is no JVM");
      case DIRECTORY -> List.of("-Xmx384m");
      case RECONSTRUCTION -> List.of("-Xmx256m", "-XX:TieredStopAtLevel=1");
      case GATEWAY -> List.of("-Xmx128m", "-XX:TieredStopAtLevel=1");
      case FRAGMENT -> List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED");
      case SCHEDULER -> List.of("-Xmx512m");
      case COMPUTE -> List.of("-Xmx768m", "--enable-native-access=ALL-UNNAMED");
    };
  }

  /** What every service is told about its peers, as program arguments. */
  List<String> properties(Member member) {
    return switch (member) {
      case REDIS -> List.of();
      case DIRECTORY -> List.of(redisUrl(), "--membrane.directory.max-blocks=300000");
      case FRAGMENT ->
          List.of(
              redisUrl(),
              peer(Member.DIRECTORY),
              "--membrane.fragment.membrain.port=" + plan.membrainPort());
      case SCHEDULER -> List.of(redisUrl());
      case RECONSTRUCTION ->
          List.of(
              redisUrl(),
              peer(Member.DIRECTORY),
              peer(Member.FRAGMENT),
              peer(Member.SCHEDULER),
              "--membrane.reconstruction.clusters.local.url=" + url(Member.COMPUTE),
              "--membrane.reconstruction.clusters.local.role=pd");
      case COMPUTE ->
          List.of(
              peer(Member.DIRECTORY),
              peer(Member.FRAGMENT),
              "--membrane.worker.model=" + plan.model(),
              "--membrane.worker.block-tokens=" + plan.blockTokens());
      case GATEWAY ->
          Stream.concat(
                  Stream.of(
                      plan.isAnonymous() ? ANONYMOUS : "",
                      "--management.server.port=" + plan.healthPort(member)),
                  Member.services().stream()
                      .filter(service -> service != Member.GATEWAY)
                      .map(this::peer))
              .filter(argument -> !argument.isEmpty())
              .toList();
    };
  }

  private String redisUrl() {
    return "--spring.data.redis.url=" + redis;
  }

  private String peer(Member service) {
    return "--membrane.client.peers." + service.label() + "=" + url(service);
  }

  private URI url(Member service) {
    return URI.create("http://127.0.0.1:" + plan.port(service));
  }
}
