package io.membrane.boot;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Asks Redis once when a service has started, and logs one line: it answers, or what to do. */
final class RedisAtStart implements ApplicationListener<ApplicationReadyEvent> {

  private static final Logger log = LoggerFactory.getLogger(RedisAtStart.class);

  /** How Redis begins an error, and what is to be done then. */
  private static final Map<String, String> ADVICE =
      Map.of(
          "WRONGPASS",
          "set spring.data.redis.username and spring.data.redis.password to what it knows",
          "NOAUTH",
          "it wants a password: set spring.data.redis.password",
          "NOPERM",
          "give its user the rights that docs/guarantees.md names",
          "CLUSTERDOWN",
          "some slots have no primary; redis-cli --cluster check says which",
          "ERR THIS INSTANCE HAS CLUSTER SUPPORT DISABLED",
          "it is no cluster: set spring.data.redis.url in place of spring.data.redis.cluster.nodes",
          "MOVED",
          "it is a cluster: set spring.data.redis.cluster.nodes in place of"
              + " spring.data.redis.url");

  /** Of a slot like any other's, and within the rights of a user who may do no more than needed. */
  private static final byte[] KEY = "membrane:at-start".getBytes(StandardCharsets.US_ASCII);

  private final RedisConnectionFactory connections;

  RedisAtStart(RedisConnectionFactory connections) {
    this.connections = connections;
  }

  @Override
  public void onApplicationEvent(ApplicationReadyEvent started) {
    try (RedisConnection connection = connections.getConnection()) {
      connection.ping();
      connection.keyCommands().exists(KEY);
      log.info("Redis answers");
    } catch (DataAccessException e) {
      log.warn("Redis cannot be used until this changes: {}", diagnosis(e));
    }
  }

  /** What is wrong, in Redis's or the JDK's words, and what to do. */
  static String diagnosis(Throwable failure) {
    Set<Throwable> reasons = new LinkedHashSet<>();
    collect(failure, reasons);
    for (Throwable reason : reasons) {
      String said = String.valueOf(reason.getMessage());
      if (reason instanceof SSLException) {
        return "TLS fails ("
            + NestedExceptionUtils.getMostSpecificCause(reason).getMessage()
            + "); spring.data.redis.ssl.bundle must trust the certificate of Redis, which must name"
            + " its host";
      }
      for (Map.Entry<String, String> known : ADVICE.entrySet()) {
        if (said.toUpperCase(Locale.ROOT).startsWith(known.getKey())) {
          return said + "; " + known.getValue();
        }
      }
    }
    return new ArrayList<>(reasons).getLast().getMessage()
        + "; start it, or set spring.data.redis.url (or .cluster.nodes, or .sentinel.*) to where it"
        + " is";
  }

  /** A cluster's failure suppresses those of its nodes. */
  private static void collect(@Nullable Throwable failure, Set<Throwable> reasons) {
    if (failure != null && reasons.add(failure)) {
      collect(failure.getCause(), reasons);
      for (Throwable suppressed : failure.getSuppressed()) {
        collect(suppressed, reasons);
      }
    }
  }
}
