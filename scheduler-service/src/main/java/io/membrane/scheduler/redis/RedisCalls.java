package io.membrane.scheduler.redis;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;

/**
 * Commands over the shared connection. Each blocks for at most Redis's command timeout and fails
 * with {@link ErrorCode#DEPENDENCY_UNAVAILABLE}, after which a write may or may not have happened,
 * or {@link ErrorCode#STORAGE_FULL}. Thread-safe.
 */
public final class RedisCalls {

  private final RedisConnectionFactory connections;

  public RedisCalls(RedisConnectionFactory connections) {
    this.connections = connections;
  }

  /** The answer to some commands. */
  public <T extends @Nullable Object> T call(Function<RedisConnection, T> commands) {
    try (RedisConnection connection = connections.getConnection()) {
      return commands.apply(connection);
    } catch (DataAccessException e) {
      throw translated(e);
    }
  }

  /**
   * Runs a script that touches one key.
   *
   * @return its answers: {@code byte[]}, {@code Long} or null
   */
  public List<@Nullable Object> script(String source, String key, byte[]... arguments) {
    byte[][] keyAndArguments = new byte[arguments.length + 1][];
    keyAndArguments[0] = bytes(key);
    System.arraycopy(arguments, 0, keyAndArguments, 1, arguments.length);
    List<@Nullable Object> answers =
        call(redis ->
            redis.scriptingCommands().eval(bytes(source), ReturnType.MULTI, 1, keyAndArguments));
    return answers == null ? List.of() : answers;
  }

  /** Text as Redis keeps it. */
  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Text of an answer that is there. */
  public static String text(Object answer) {
    return answer instanceof byte[] b ? new String(b, StandardCharsets.UTF_8) : answer.toString();
  }

  private static MembraneException translated(DataAccessException e) {
    String said = String.valueOf(NestedExceptionUtils.getMostSpecificCause(e).getMessage());
    return said.contains("OOM command not allowed")
        ? new MembraneException(ErrorCode.STORAGE_FULL, "Redis has no room; raise its maxmemory", e)
        : new MembraneException(
            ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis does not answer as it should; try again", e);
  }
}
