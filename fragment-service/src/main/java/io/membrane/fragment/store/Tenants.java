package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.KeyValue;
import io.membrane.fragment.tenancy.Policy;
import io.membrane.fragment.tenancy.Usage;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What holds for which tenant. Policies lie in Redis, for all replicas; a replica looks again after
 * a second, or two where a read must not wait. While Redis is away the last known policy holds.
 * Thread-safe.
 */
public final class Tenants {

  private static final Duration FRESH = Duration.ofSeconds(1);

  /** Tenants whose policies are remembered. */
  private static final int MOST_REMEMBERED = 10_000;

  private static final byte[] BYTES = "bytes".getBytes(UTF_8);
  private static final byte[] NAMES = "names".getBytes(UTF_8);

  private final RedisCalls redis;
  private final Policy standard;
  private final Clock clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final Set<String> lookedUp = ConcurrentHashMap.newKeySet();

  private record Known(Policy policy, String domain, long untilMs) {}

  /**
   * @param standard what holds for a tenant without a policy
   */
  Tenants(RedisCalls redis, Policy standard, Clock clock) {
    this.redis = redis;
    this.standard = standard;
    this.clock = clock;
  }

  /** What holds for a tenant. */
  public Policy policy(String tenant) {
    return known(tenant).policy();
  }

  /** The domain in which a tenant reads and writes. */
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
      byte @Nullable [] json =
          redis.<byte @Nullable []>call(
              "policy", commands -> commands.get(RedisKeys.policy(tenant)));
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

  /** Sets what holds for a tenant; on other replicas within two seconds. */
  public void setPolicy(String tenant, Policy policy) {
    byte[] json = WireJson.mapper().writeValueAsBytes(policy);
    redis.call("policy", commands -> commands.set(RedisKeys.policy(tenant), json));
    remember(tenant, policy);
  }

  /** What a tenant is charged for. */
  public Usage usage(String tenant) {
    List<KeyValue<byte[], byte[]>> account =
        redis.call("usage", commands -> commands.hmget(RedisKeys.account(tenant), BYTES, NAMES));
    return new Usage(number(account.getFirst()), number(account.getLast()));
  }

  private static long number(KeyValue<byte[], byte[]> field) {
    return field.hasValue() ? Long.parseLong(new String(field.getValue(), UTF_8)) : 0;
  }
}
