package io.membrane.system;

import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.Port;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.fixture.RedisProcess;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;

/**
 * Redis and the six services, each with a certificate of its own: they show it to each other and to
 * Redis, and the gateway shows its one to whoever calls. Probes have a plain port of their own.
 */
final class MutualTlsFleet implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofMinutes(3);

  /** Who is called comes before who calls it, so that its port is known. */
  private static final List<Member> ORDER =
      List.of(
          Member.DIRECTORY,
          Member.FRAGMENT,
          Member.SCHEDULER,
          Member.COMPUTE,
          Member.RECONSTRUCTION,
          Member.GATEWAY);

  private final CertificateAuthority authority = new CertificateAuthority("fleet");
  private final Path folder;
  private final RedisProcess redis;
  private final Map<Member, ServiceProcess> services = new EnumMap<>(Member.class);
  private final Map<Member, Integer> probes = new EnumMap<>(Member.class);

  /** Starts all of them and waits until they are ready. */
  MutualTlsFleet(Path folder) {
    this.folder = folder;
    this.redis = RedisProcess.overTls(authority.issue(folder.resolve("redis"), "redis.fleet"));
    for (Member member : ORDER) {
      probes.put(member, Port.free(1).getFirst());
      Identity identity = issue(member);
      ServiceProcess service =
          new ServiceProcess(
              member,
              "tls-" + member.label(),
              "rediss://127.0.0.1:" + redis.port(),
              arguments(member, identity));
      services.put(member, service);
      service.start();
    }
    for (Member member : Member.services()) {
      awaitReady(new Http(URI.create("http://127.0.0.1:" + probes.get(member))));
    }
  }

  /** A certificate of the fleet's authority. */
  CertificateAuthority authority() {
    return authority;
  }

  /** Replaces the files of a service. */
  Identity issue(Member member) {
    return authority.issue(folder.resolve(member.label()), member.label() + ".fleet");
  }

  URI url(Member member) {
    return URI.create(
        "https://127.0.0.1:" + Objects.requireNonNull(services.get(member), "started").port());
  }

  /** What a service counted, of all meters whose lines begin so. */
  double metric(Member member, String begin) {
    return new Http(URI.create("http://127.0.0.1:" + probes.get(member)))
        .get("/actuator/prometheus")
        .text()
        .lines()
        .filter(line -> line.startsWith(begin))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() {
    services.values().forEach(ServiceProcess::kill);
    redis.close();
  }

  private static void awaitReady(Http http) {
    Awaitility.await()
        .atMost(READY_WITHIN)
        .ignoreException(UncheckedIOException.class)
        .until(() -> http.get("/actuator/health/readiness").status() == 200);
  }

  private String[] arguments(Member member, Identity identity) {
    List<String> all = new ArrayList<>(identity.properties());
    all.add("server.ssl.bundle=membrane");
    all.add("membrane.client.ssl-bundle=membrane");
    all.add("spring.data.redis.ssl.bundle=membrane");
    all.add("management.server.port=" + probes.get(member));
    all.add("management.server.address=127.0.0.1");
    all.add("management.server.ssl.enabled=false");
    if (member != Member.GATEWAY) {
      all.add("server.ssl.client-auth=need");
      all.add("membrane.server.allowed-names=*.fleet");
      all.add("membrane.server.member-names=fragment-service.fleet,gateway.fleet");
    }
    all.addAll(own(member));
    return all.stream().map(property -> "--" + property).toArray(String[]::new);
  }

  private List<String> own(Member member) {
    return switch (member) {
      case REDIS, DIRECTORY, SCHEDULER -> List.of();
      case FRAGMENT -> List.of(peer(Member.DIRECTORY), "membrane.fragment.membrain.port=-1");
      case RECONSTRUCTION ->
          List.of(
              peer(Member.DIRECTORY),
              peer(Member.FRAGMENT),
              peer(Member.SCHEDULER),
              "membrane.reconstruction.clusters.local.url=" + url(Member.COMPUTE),
              "membrane.reconstruction.clusters.local.role=pd");
      case COMPUTE ->
          List.of(
              peer(Member.DIRECTORY),
              peer(Member.FRAGMENT),
              "membrane.worker.model="
                  + Path.of(System.getProperty("membrane.root"), "models", "tiny-llama"),
              "membrane.worker.block-tokens=" + TestFleet.BLOCK_TOKENS,
              "membrane.worker.compute-after=1h");
      case GATEWAY -> {
        List<String> all = new ArrayList<>(List.of("membrane.gateway.security.anonymous=true"));
        Member.services().stream()
            .filter(service -> service != Member.GATEWAY)
            .map(this::peer)
            .forEach(all::add);
        yield all;
      }
    };
  }

  private String peer(Member service) {
    return "membrane.client.peers." + service.label() + "=" + url(service);
  }
}
