package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RestoreArgs;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode.NodeFlag;
import io.lettuce.core.codec.ByteArrayCodec;
import io.membrane.block.ContentDigest;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisAudit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongFunction;

/** What lies in Redis, of whatever kind, seen past the store and by one who may do everything. */
final class RedisContents implements AutoCloseable {

  private final ConfiguredRedis configured;

  final RedisClusterCommands<byte[], byte[]> redis;

  RedisContents(String... properties) {
    configured = new ConfiguredRedis(properties);
    AbstractRedisClient client = configured.connections().getRequiredNativeClient();
    redis =
        client instanceof RedisClusterClient cluster
            ? cluster.connect(ByteArrayCodec.INSTANCE).sync()
            : ((RedisClient) client).connect(ByteArrayCodec.INSTANCE).sync();
  }

  @Override
  public void close() {
    configured.close();
  }

  int primaries() {
    return nodes().size();
  }

  /** All primaries that hold keys. */
  private Collection<? extends RedisClusterCommands<byte[], byte[]>> nodes() {
    return redis instanceof RedisAdvancedClusterCommands<byte[], byte[]> cluster
        ? cluster
            .nodes(node -> node.is(NodeFlag.UPSTREAM) && !node.getSlots().isEmpty())
            .asMap()
            .values()
        : List.of(redis);
  }

  void empty() {
    nodes()
        .forEach(node -> {
          node.configSet("maxmemory", "0");
          node.configSet("maxmemory-policy", "noeviction");
          node.flushall();
        });
  }

  /** Gives each primary a limit, by the bytes that it uses now. */
  void limitMemory(LongFunction<Long> limit) {
    nodes()
        .forEach(node -> node.configSet("maxmemory", Long.toString(limit.apply(usedMemory(node)))));
  }

  long usedMemory() {
    return nodes().stream().mapToLong(RedisContents::usedMemory).sum();
  }

  private static long usedMemory(RedisClusterCommands<byte[], byte[]> node) {
    return node.info("memory")
        .lines()
        .filter(line -> line.startsWith("used_memory:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElseThrow();
  }

  List<byte[]> keys(String pattern) {
    return nodes().stream().flatMap(node -> node.keys(pattern).stream()).toList();
  }

  /** Keys of all bodies. */
  List<byte[]> bodies() {
    return keys(RedisKeys.BODY_PREFIX + "*");
  }

  /** Key of the body of a fragment. */
  byte[] bodyKey(Name name) {
    Map<String, String> named = RedisAudit.nameFields(text(RedisKeys.name(name)));
    byte[] content = RedisKeys.content(new ContentDigest(field(named, "digest")));
    return RedisKeys.body(field(RedisAudit.contentFields(text(content)), "body"));
  }

  private static String field(Map<String, String> fields, String field) {
    return Objects.requireNonNull(fields.get(field));
  }

  void damage(Name name, String field, boolean missing) {
    byte[] key = RedisKeys.name(name);
    Map<String, String> fields = RedisAudit.nameFields(text(key));
    byte[] value = bytes(field(fields, field));
    value[value.length / 2] ^= 0x40;
    fields.put(field, missing ? "" : new String(value, UTF_8));
    redis.set(key, bytes(RedisAudit.nameRecord(fields)));
  }

  private String text(byte[] key) {
    return new String(redis.get(key), UTF_8);
  }

  /** Exchanges the values of two keys, wherever they lie. */
  void swap(byte[] one, byte[] two) {
    byte[] aside = redis.dump(one);
    RestoreArgs over = RestoreArgs.Builder.ttl(0).replace();
    redis.restore(one, redis.dump(two), over);
    redis.restore(two, aside, over);
  }

  /** Counts are those that a look at every key gives, and each content has one body. */
  void areConsistent(Usage ofTheOnlyTenant) {
    long names = keys(RedisKeys.PREFIX + "name:*").size();
    List<byte[]> contents = keys(RedisKeys.PREFIX + "content:*");
    long references = 0;
    long bytes = names * RedisKeys.NAME_BYTES;
    for (byte[] content : contents) {
      Map<String, String> fields = RedisAudit.contentFields(text(content));
      references += Long.parseLong(field(fields, "references"));
      bytes += Long.parseLong(field(fields, "footprint"));
    }
    assertThat(references).isEqualTo(names);
    byte[] counted = redis.hget(bytes(RedisKeys.PREFIX + "store"), bytes("bytes"));
    assertThat(Long.parseLong(new String(counted, UTF_8))).isEqualTo(bytes);
    assertThat(ofTheOnlyTenant.fragments()).isEqualTo(names);
    assertThat(bodies()).hasSameSizeAs(contents);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
