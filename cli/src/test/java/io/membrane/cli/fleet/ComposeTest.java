package io.membrane.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** docker-compose.yml and the Dockerfile, held against what the services really are. */
class ComposeTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Variables that are not properties. */
  private static final Set<String> NOT_SPRING = Set.of("JAVA_TOOL_OPTIONS", "DJL_CACHE_DIR");

  /** Prometheus is in another container, and the port is not published. */
  private static final String BOUND = "MANAGEMENT_SERVER_ADDRESS";

  private static Map<String, Object> services = Map.of();
  private static String dockerfile = "";

  @BeforeAll
  static void read() throws IOException {
    dockerfile = Files.readString(ROOT.resolve("Dockerfile"));
    try (InputStream in = Files.newInputStream(ROOT.resolve("docker-compose.yml"))) {
      Map<String, Object> file = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      services = map(file.get("services"));
    }
  }

  static List<Member> ours() {
    return Member.services();
  }

  @Test
  void withoutAProfileThereAreTheMembersOfAFleetAndNobodyElse() {
    assertThat(services.keySet().stream().filter(name -> profiles(name).isEmpty()))
        .containsExactlyInAnyOrderElementsOf(
            List.of(Member.values()).stream().map(Member::label).toList());
  }

  @ParameterizedTest
  @MethodSource("ours")
  void everyServiceIsBuiltFromItsModuleForThePortThatItHas(Member member) throws IOException {
    Map<String, Object> service = service(member);
    Map<String, Object> arguments = map(map(service.get("build")).get("args"));

    assertThat(service)
        .containsEntry("image", "membrane/" + member.label() + ":" + projectVersion());
    assertThat(arguments)
        .containsEntry("SERVICE", member.label())
        .containsEntry("PORT", defaults(member).getProperty("server.port"));
    assertThat(Integer.parseInt(String.valueOf(arguments.get("PORT"))))
        .isEqualTo(member.port(FleetPlan.DEFAULT_PORT_BASE));
  }

  @ParameterizedTest
  @MethodSource("ours")
  void everyVariableSetsAPropertyThatTheServiceKnows(Member member) throws IOException {
    PropertyNames known = new PropertyNames(ROOT.resolve(member.label()));

    assertThat(variables(member).keySet()).allMatch(known::has, "is a known property");
  }

  @ParameterizedTest
  @MethodSource("ours")
  void everyServiceIsToldWhatTheLauncherTellsIt(Member member) {
    assertThat(variables(member).keySet().stream().filter(name -> !name.equals(BOUND)))
        .extracting(PropertyNames::canonical)
        .containsExactlyInAnyOrderElementsOf(toldByLauncher(member));
  }

  @ParameterizedTest
  @MethodSource("ours")
  void everyUrlLeadsToAMemberOnItsPort(Member member) {
    variables(member).values().stream()
        .filter(value -> value.contains("://"))
        .map(URI::create)
        .forEach(url -> {
          Member peer = Member.named(url.getHost());
          assertThat(url.getPort()).isEqualTo(peer == Member.REDIS ? 6379 : peer.port(8080));
          assertThat(reachableFrom(member)).contains(peer);
        });
  }

  @ParameterizedTest
  @MethodSource("ours")
  void everyServiceIsUnprivilegedAndRunsOnTheFlagsOfTheLauncher(Member member) {
    Map<String, Object> service = service(member);

    assertThat(service).containsEntry("read_only", true).containsEntry("cap_drop", List.of("ALL"));
    assertThat(String.valueOf(map(service.get("environment")).get("JAVA_TOOL_OPTIONS")).split(" "))
        .isSubsetOf(Launch.jvmOptions(member))
        .containsAll(Launch.jvmOptionsOf(member));
  }

  @Test
  void whatWatchesTheFleetStartsOnlyIfItIsAskedForAndIsPublishedOnLoopback() {
    assertThat(services.keySet().stream().filter(name -> !profiles(name).isEmpty()))
        .containsExactlyInAnyOrder("prometheus", "grafana")
        .allSatisfy(name -> {
          assertThat(profiles(name)).isEqualTo(List.of("monitoring"));
          assertThat(map(services.get(name)))
              .extractingByKey("ports", InstanceOfAssertFactories.list(String.class))
              .allMatch(port -> port.startsWith("127.0.0.1:"));
        });
  }

  @Test
  void onlyTheGatewayAndTheMembrainProtocolArePublishedAndOnlyOnLoopback() {
    services.forEach((name, service) -> {
      if (name.equals("gateway")) {
        assertThat(map(service)).containsEntry("ports", List.of("127.0.0.1:8080:8080"));
      } else if (name.equals("fragment-service")) {
        assertThat(map(service)).containsEntry("ports", List.of("127.0.0.1:9201:9201"));
      } else if (profiles(name).isEmpty()) {
        assertThat(map(service)).doesNotContainKey("ports");
      }
    });
  }

  @Test
  void redisEvictsNothingByItselfKeepsNothingOnDiskAndIsAskedForItsHealth() {
    Map<String, Object> redis = service(Member.REDIS);

    assertThat(String.valueOf(redis.get("command")))
        .contains("--maxmemory-policy, noeviction", "--maxmemory, ", "--appendonly, no");
    assertThat(String.valueOf(map(redis.get("healthcheck")).get("test"))).contains("ping");
  }

  @Test
  void imagesArePinnedToAVersion() {
    String redis = String.valueOf(service(Member.REDIS).get("image"));

    assertThat(redis).matches("redis:\\d+\\.\\d+\\.\\d+-.+");
    assertThat(dockerfile.lines().filter(line -> line.startsWith("FROM ")))
        .hasSize(2)
        .allMatch(line -> line.matches("FROM [a-z-]+:\\d+\\.\\d+\\.\\d+.*"));
  }

  @Test
  void theImageAsksTheReadinessThatTheServicesServe() throws IOException {
    Properties shared =
        properties(ROOT.resolve("membrane-api/src/main/resources/membrane-defaults.properties"));

    assertThat(dockerfile)
        .contains("GET /actuator/health/readiness ")
        .contains("${MANAGEMENT_SERVER_PORT:-$SERVER_PORT}");
    assertThat(shared.getProperty("management.endpoint.health.probes.enabled")).isEqualTo("true");
    assertThat(shared.getProperty("management.endpoints.web.exposure.include").split(","))
        .contains("health");
    assertThat(variables(Member.GATEWAY))
        .containsEntry(
            "MANAGEMENT_SERVER_PORT",
            defaults(Member.GATEWAY).getProperty("management.server.port"));
    for (Member member : ours()) {
      assertThat(defaults(member).containsKey("management.server.port"))
          .isEqualTo(member == Member.GATEWAY);
      assertThat(defaults(member).stringPropertyNames())
          .doesNotContain("management.endpoints.web.base-path", "server.servlet.context-path");
    }
  }

  @Test
  void theImageRunsAnUnpackedLayeredJarAsAnUnprivilegedUser() {
    assertThat(dockerfile)
        .contains("extract --layers", "COPY --from=build /layers/dependencies/")
        .contains("ENTRYPOINT [\"java\", \"-jar\", \"application.jar\"]");
    Matcher user = Pattern.compile("(?m)^USER (\\d+)$").matcher(dockerfile);
    assertThat(user.find()).isTrue();
    assertThat(Integer.parseInt(user.group(1))).isPositive();
    assertThat(dockerfile.indexOf("USER ")).isLessThan(dockerfile.indexOf("ENTRYPOINT"));
  }

  @Test
  void theModelOfTheWorkerIsInItsImage() {
    assertThat(variables(Member.COMPUTE))
        .containsEntry("MEMBRANE_WORKER_MODEL", "/opt/membrane/models/tiny-llama");
    assertThat(dockerfile)
        .contains("cp -r " + FleetPlan.BUNDLED_MODEL + " /models/")
        .contains("COPY --from=build /models/ models/")
        .contains("WORKDIR /opt/membrane");
    assertThat(ROOT.resolve(FleetPlan.BUNDLED_MODEL).resolve("config.json")).exists();
  }

  private static List<?> profiles(String service) {
    return map(services.get(service)).get("profiles") instanceof List<?> named ? named : List.of();
  }

  /** Everybody whom {@code member} waits for, directly or not: they are healthy before it. */
  private static Set<Member> reachableFrom(Member member) {
    Object direct = service(member).get("depends_on");
    if (direct == null) {
      return Set.of();
    }
    Set<Member> all = new TreeSet<>();
    map(direct)
        .forEach((name, condition) -> {
          assertThat(map(condition)).containsEntry("condition", "service_healthy");
          all.add(Member.named(name));
          all.addAll(reachableFrom(Member.named(name)));
        });
    return all;
  }

  private static List<String> toldByLauncher(Member member) {
    FleetPlan plan = FleetPlan.in(ROOT);
    return new Launch(plan, URI.create("redis://r"))
        .properties(member).stream()
            .map(argument -> argument.substring(2, argument.indexOf('=')))
            .map(PropertyNames::canonical)
            .toList();
  }

  private static Map<String, String> variables(Member member) {
    Map<String, String> variables = new HashMap<>();
    map(service(member).getOrDefault("environment", Map.of()))
        .forEach((name, value) -> variables.put(name, String.valueOf(value)));
    variables.keySet().removeAll(NOT_SPRING);
    return variables;
  }

  private static String projectVersion() throws IOException {
    Matcher version =
        Pattern.compile("<artifactId>membrane</artifactId>\\s*<version>([^<]+)</version>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    assertThat(version.find()).isTrue();
    return version.group(1);
  }

  private static Properties defaults(Member member) throws IOException {
    return properties(
        ROOT.resolve(member.label()).resolve("src/main/resources/application.properties"));
  }

  private static Properties properties(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    return properties;
  }

  private static Map<String, Object> service(Member member) {
    return map(Objects.requireNonNull(services.get(member.label()), member.label()));
  }

  private static Map<String, Object> map(@Nullable Object node) {
    return ((Map<?, ?>) Objects.requireNonNull(node))
        .entrySet().stream()
            .collect(
                Collectors.toMap(entry -> String.valueOf(entry.getKey()), Map.Entry::getValue));
  }
}
