package io.membrane.gateway.limits;

import io.github.bucket4j.redis.lettuce.RedisApi;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Bucket4j's way to Redis over the connection that everything else uses, of one server or of a
 * cluster: it comes back by itself, and calls fail at once while it is away.
 *
 * @param <K> {@code byte[]}; named only here, since Bucket4j's arrays of keys are arrays of objects
 */
final class SharedConnection<K> implements RedisApi<K> {

  private final RedisConnectionFactory connections;

  SharedConnection(RedisConnectionFactory connections) {
    this.connections = connections;
  }

  @Override
  public <V> RedisFuture<V> eval(
      String script, ScriptOutputType type, K[] keys, byte[][] arguments) {
    return commands().eval(script, type, keys, arguments);
  }

  @Override
  public RedisFuture<byte[]> get(K key) {
    return commands().get(key);
  }

  @Override
  @SuppressWarnings("unchecked") // an array of one key
  public RedisFuture<?> delete(K key) {
    return commands().del(key);
  }

  /** The shared commands: closing the wrapper around them leaves them open. */
  @SuppressWarnings("unchecked") // Lettuce's commands of a server and of a cluster are all of these
  private RedisClusterAsyncCommands<K, byte[]> commands() {
    try (RedisConnection connection = connections.getConnection()) {
      return (RedisClusterAsyncCommands<K, byte[]>) connection.getNativeConnection();
    }
  }
}
