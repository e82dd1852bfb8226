package io.membrane.tenancy;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What holds for which tenant. Policies lie in Redis, for all services and their replicas; each
 * looks again after a second, or two where a read must not wait. While Redis is away the last known
 * policy holds. Thread-safe.
 */
public final class Policies {

  /** Reads what Redis holds. */
  @FunctionalInterface
  public interface Source {

    /**
     * The value under a key, or null if there is none. May block.
     *
     * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does not
     *     answer
     */
    byte @Nullable [] get(String key);
  }

  private static final Duration FRESH = Duration.ofSeconds(1);

  /** Tenants whose policies are remembered. */
  private static final int MOST_REMEMBERED = 10_000;

  private final Source source;
  private final Policy standard;
  private final Clock clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final Set<String> lookedUp = ConcurrentHashMap.newKeySet();

  private record Known(Policy policy, String domain, long untilMs) {}

  /**
   * Policies as {@code source} says.
   *
   * @param standard what holds for a tenant without a policy
   */
  public Policies(Source source, Policy standard, Clock clock) {
    this.source = source;
    this.standard = standard;
    this.clock = clock;
  }

  /** Key in Redis of a tenant's policy; its value is JSON. */
  public static String key(String tenant) {
    return "{membrane}:policy:" + tenant;
  }

  /**
   * What holds for a tenant.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if Redis does not answer and
   *     never said; {@link ErrorCode#INTERNAL} if what it says cannot be read
   */
  public Policy policy(String tenant) {
    return known(tenant).policy();
  }

  /**
   * The domain in which a tenant reads and writes.
   *
   * @throws MembraneException as {@link #policy}
   */
  public String domain(String tenant) {
    return known(tenant).domain();
  }

  /**
   * As {@link #domain}, if that can be said without asking Redis; else null. What is a second old
   * is said once more, and looked up again meanwhile.
   */
  public @Nullable String knownDomain(String tenant) {
    Known last = known.get(tenant);
    long now = clock.millis();
    if (last == null || last.untilMs() + FRESH.toMillis() <= now) {
      return null;
    }
    if (last.untilMs() <= now && lookedUp.add(tenant)) {
      Thread.ofVirtual().start(() -> lookUpAgain(tenant));
    }
    return last.domain();
  }

  /** Takes note of a policy that was just written; others see it when they look again. */
  public void changed(String tenant, Policy policy) {
    remember(tenant, policy);
  }

  private void lookUpAgain(String tenant) {
    try {
      known(tenant);
    } finally {
      lookedUp.remove(tenant);
    }
  }

  private Known known(String tenant) {
    long now = clock.millis();
    Known last = known.get(tenant);
    if (last != null && last.untilMs() > now) {
      return last;
    }
    try {
      byte[] json = source.get(key(tenant));
      return remember(tenant, json == null ? standard : parse(tenant, json));
    } catch (MembraneException e) {
      if (last == null) {
        throw e;
      }
      // So that not every call waits for a Redis that hangs, before it waits for what it wants.
      return remember(tenant, last.policy());
    }
  }

  private Known remember(String tenant, Policy policy) {
    if (known.size() >= MOST_REMEMBERED) {
      known.clear();
    }
    Known fresh = new Known(policy, policy.domain(tenant), clock.millis() + FRESH.toMillis());
    known.put(tenant, fresh);
    return fresh;
  }

  private static Policy parse(String tenant, byte[] json) {
    try {
      return WireJson.mapper().readValue(json, Policy.class);
    } catch (JacksonException e) {
      throw new MembraneException(
          ErrorCode.INTERNAL,
          "the policy of tenant " + tenant + " cannot be read; put it again",
          e);
    }
  }
}
