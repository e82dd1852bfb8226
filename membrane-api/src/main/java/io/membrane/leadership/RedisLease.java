package io.membrane.leadership;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;

/**
 * A key that names the holder and ends by Redis' clock. A failover to a replica that had not heard
 * of the key forgets it: then two may hold it, for as long as a lease.
 */
final class RedisLease implements SharedLease {

  private static final String HOLD =
      """
      local holder = redis.call('GET', KEYS[1])
      if holder and holder ~= ARGV[1] then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1\
      """;

  private static final String RELEASE =
      """
      if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      return 1\
      """;

  private final RedisConnectionFactory connections;
  private final byte[] key;

  RedisLease(RedisConnectionFactory connections, String name) {
    this.connections = connections;
    this.key = ("membrane:lease:" + name).getBytes(UTF_8);
  }

  @Override
  public boolean hold(String holder, Duration length) throws IOException {
    return run(HOLD, holder, Long.toString(length.toMillis())) == 1;
  }

  @Override
  public void release(String holder) throws IOException {
    run(RELEASE, holder, "");
  }

  private long run(String script, String holder, String length) throws IOException {
    try (RedisConnection connection = connections.getConnection()) {
      Long answer =
          connection
              .scriptingCommands()
              .eval(
                  script.getBytes(UTF_8),
                  ReturnType.INTEGER,
                  1,
                  key,
                  holder.getBytes(UTF_8),
                  length.getBytes(UTF_8));
      return Objects.requireNonNullElse(answer, 0L);
    } catch (DataAccessException | IllegalStateException e) {
      throw new IOException("Redis does not answer as it should: " + e.getMessage(), e);
    }
  }
}
