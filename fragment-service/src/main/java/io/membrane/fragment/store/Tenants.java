package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.KeyValue;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What holds for which tenant, and what each is charged for. Thread-safe. */
public final class Tenants {

  private static final byte[] BYTES = "bytes".getBytes(UTF_8);
  private static final byte[] NAMES = "names".getBytes(UTF_8);

  private final RedisCalls redis;
  private final Policies policies;

  /**
   * @param standard what holds for a tenant without a policy
   */
  Tenants(RedisCalls redis, Policy standard, Clock clock) {
    this.redis = redis;
    this.policies =
        new Policies(
            key ->
                redis.<byte @Nullable []>call(
                    "policy", commands -> commands.get(key.getBytes(UTF_8))),
            standard,
            clock);
  }

  /** What holds for a tenant. */
  public Policy policy(String tenant) {
    return policies.policy(tenant);
  }

  /** The domain in which a tenant reads and writes. */
  public String domain(String tenant) {
    return policies.domain(tenant);
  }

  /** As {@link #domain}, if that can be said without asking Redis; else null. */
  public @Nullable String knownDomain(String tenant) {
    return policies.knownDomain(tenant);
  }

  /** Sets what holds for a tenant; on other replicas within two seconds. */
  public void setPolicy(String tenant, Policy policy) {
    byte[] json = WireJson.mapper().writeValueAsBytes(policy);
    redis.call("policy", commands -> commands.set(Policies.key(tenant).getBytes(UTF_8), json));
    policies.changed(tenant, policy);
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
