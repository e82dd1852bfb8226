package io.membrane.boot;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Boot's {@code spring.data.redis.*}, held against itself: of settings that say different things
 * Boot takes one and leaves the other unread, which here stops the start.
 */
record RedisSettings(
    @Nullable String url,
    @Nullable String host,
    @Nullable String port,
    @Nullable String username,
    @Nullable String password,
    @Nullable String database,
    @Nullable String passwordFile,
    List<String> clusterNodes,
    @Nullable String sentinelMaster,
    List<String> sentinelNodes,
    @Nullable String readFrom,
    @Nullable Boolean ssl,
    @Nullable String sslBundle) {

  private static final String PREFIX = "spring.data.redis.";

  RedisSettings {
    clusterNodes = List.copyOf(clusterNodes);
    sentinelNodes = List.copyOf(sentinelNodes);
  }

  /**
   * @throws StartupProblem if settings contradict each other
   */
  static void check(Environment environment) {
    Binder binder = Binder.get(environment);
    new RedisSettings(
            text(binder, "url"),
            text(binder, "host"),
            text(binder, "port"),
            text(binder, "username"),
            text(binder, "password"),
            text(binder, "database"),
            blankAsNull(binder.bind("membrane.redis.password-file", String.class).orElse("")),
            list(binder, "cluster.nodes"),
            text(binder, "sentinel.master"),
            list(binder, "sentinel.nodes"),
            text(binder, "lettuce.read-from"),
            binder.bind(PREFIX + "ssl.enabled", Boolean.class).orElse(null),
            text(binder, "ssl.bundle"))
        .check();
  }

  private void check() {
    checkOneKind();
    checkSentinel();
    if (url != null && hasNoPort(url)) {
      throw new StartupProblem(
          "%surl has no port".formatted(PREFIX), "Write it: redis://<host>:<port>, 6379 mostly.");
    }
    if (url != null && (username != null || password != null)) {
      throw new StartupProblem(
          "%surl is set, and %<susername or %<spassword, which would not be used".formatted(PREFIX),
          "Write %shost and %<sport instead of the url, or the password into the url:"
                  .formatted(PREFIX)
              + " redis://<user>:<password>@<host>:<port>.");
    }
    if (passwordFile != null && (password != null || (url != null && url.contains("@")))) {
      throw new StartupProblem(
          "membrane.redis.password-file is set, and %s names a password too"
              .formatted(password != null ? PREFIX + "password" : PREFIX + "url"),
          "Keep the one or the other.");
    }
    if (url != null && database != null) {
      throw new StartupProblem(
          "%surl and %<sdatabase are set; the second would not be used".formatted(PREFIX),
          "Write the database into the url: redis://<host>:<port>/<database>.");
    }
    if (!clusterNodes.isEmpty() && database != null && !database.equals("0")) {
      throw new StartupProblem(
          "%sdatabase is %s, and a cluster has database 0 alone".formatted(PREFIX, database),
          "Leave it out.");
    }
    checkTls();
    if (readFrom != null && !List.of("upstream", "master").contains(word(readFrom))) {
      throw new StartupProblem(
          "%slettuce.read-from is %s, and what a replica says may be old"
              .formatted(PREFIX, readFrom),
          "Leave it out: reads go to primaries.");
    }
  }

  private void checkOneKind() {
    List<String> kinds =
        Stream.of(
                url == null ? "" : PREFIX + "url",
                host == null && port == null ? "" : PREFIX + "host or .port",
                clusterNodes.isEmpty() ? "" : PREFIX + "cluster.nodes",
                sentinelMaster == null && sentinelNodes.isEmpty() ? "" : PREFIX + "sentinel.*")
            .filter(kind -> !kind.isEmpty())
            .toList();
    if (kinds.size() > 1) {
      throw new StartupProblem(
          "Redis is configured in more than one way: " + String.join(", ", kinds),
          "Keep one of them: %surl (or %<shost and %<sport) for one server, %<scluster.nodes for"
                  .formatted(PREFIX)
              + " Redis Cluster, %ssentinel.master and %<ssentinel.nodes for Sentinel."
                  .formatted(PREFIX));
    }
  }

  private void checkSentinel() {
    if ((sentinelMaster == null) != sentinelNodes.isEmpty()) {
      throw new StartupProblem(
          PREFIX + "sentinel." + (sentinelMaster == null ? "master" : "nodes") + " is missing",
          "Write %ssentinel.master=<the name that the sentinels monitor> and".formatted(PREFIX)
              + " %ssentinel.nodes=<host>:<port>,<host>:<port>.".formatted(PREFIX));
    }
  }

  private void checkTls() {
    if (Boolean.FALSE.equals(ssl)
        && (sslBundle != null || (url != null && word(url).startsWith("rediss:")))) {
      throw new StartupProblem(
          "%sssl.enabled is false, and %s asks for TLS"
              .formatted(PREFIX, sslBundle != null ? PREFIX + "ssl.bundle" : "the url"),
          "Leave %sssl.enabled out for TLS; for none leave out %<sssl.bundle, and write redis://"
                  .formatted(PREFIX)
              + " in the url.");
    }
  }

  /** Which Boot would take as port -1. */
  private static boolean hasNoPort(String url) {
    try {
      URI parsed = new URI(url);
      return parsed.getHost() != null && parsed.getPort() < 0;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static String word(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** Null if it is empty too, as variables that a deployment leaves blank are. */
  private static @Nullable String text(Binder binder, String name) {
    return blankAsNull(binder.bind(PREFIX + name, String.class).orElse(""));
  }

  private static @Nullable String blankAsNull(String value) {
    return value.isBlank() ? null : value;
  }

  private static List<String> list(Binder binder, String name) {
    return binder.bind(PREFIX + name, Bindable.listOf(String.class)).orElse(List.of());
  }
}
