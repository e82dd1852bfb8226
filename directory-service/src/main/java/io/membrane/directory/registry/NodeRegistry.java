package io.membrane.directory.registry;

import io.membrane.directory.membership.LiveNodes;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.Registration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;
import tools.jackson.core.JacksonException;

/**
 * The nodes and the ends of their leases in Redis: what each said of itself in a hash, when that
 * ends in a sorted set, by Redis' clock alone, so that all replicas of the directory agree.
 * Thread-safe; methods block and throw {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does
 * not answer.
 */
public final class NodeRegistry {

  private static final List<String> KEYS = List.of("{membrane}:nodes", "{membrane}:nodes:ends");

  private static final String NOW_AND_GONE =
      """
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
        redis.call('HDEL', KEYS[1], id)
        redis.call('ZREM', KEYS[2], id)
      end
      """;

  /** Of id, JSON, lease and limit; 0 if there are as many others as there may be. */
  private static final RedisScript<Long> RENEW =
      new DefaultRedisScript<>(
          NOW_AND_GONE
              + """
              if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
                  and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
                return 0
              end
              redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
              redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
              return 1
              """,
          Long.class);

  private static final RedisScript<Long> LEAVE =
      new DefaultRedisScript<>(
          """
          redis.call('HDEL', KEYS[1], ARGV[1])
          return redis.call('ZREM', KEYS[2], ARGV[1])
          """,
          Long.class);

  /** Id, JSON and what is left in ms of each in turn. */
  @SuppressWarnings("rawtypes") // as Redis' answer is
  private static final RedisScript<List> LIVE =
      new DefaultRedisScript<>(
          NOW_AND_GONE
              + """
              local live = {}
              local ends = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
              for i = 1, #ends, 2 do
                local json = redis.call('HGET', KEYS[1], ends[i])
                if json then
                  live[#live + 1] = ends[i]
                  live[#live + 1] = json
                  live[#live + 1] = string.format('%.0f', ends[i + 1] - now)
                end
              end
              return live
              """,
          List.class);

  private static final Logger log = LoggerFactory.getLogger(NodeRegistry.class);

  private final StringRedisTemplate redis;

  /** The registry in the Redis that {@code connections} reach. */
  public NodeRegistry(RedisConnectionFactory connections) {
    this.redis = new StringRedisTemplate(connections);
  }

  /**
   * Registers a node, or renews its lease with what it says of itself now.
   *
   * @return what is recorded
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if it is new and there are {@link
   *     MembershipClient#MAX_NODES} others
   */
  public Node renew(String id, Registration said) {
    String json = WireJson.mapper().writeValueAsString(said);
    Long taken =
        answered(() ->
            redis.execute(
                RENEW,
                KEYS,
                id,
                json,
                Long.toString(said.leaseMs()),
                Integer.toString(MembershipClient.MAX_NODES)));
    if (taken == 0) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "there are %d nodes already; wait until one has left"
              .formatted(MembershipClient.MAX_NODES));
    }
    return node(id, said, said.leaseMs());
  }

  /** Ends a node's lease; does nothing if there is none. */
  public void leave(String id) {
    answered(() -> redis.execute(LEAVE, KEYS, id));
  }

  /** The nodes whose leases run. */
  public LiveNodes live() {
    List<?> answer = answered(() -> redis.execute(LIVE, KEYS));
    List<Node> nodes = new ArrayList<>(answer.size() / 3);
    for (int i = 0; i + 2 < answer.size(); i += 3) {
      String id = String.valueOf(answer.get(i));
      try {
        Registration said =
            WireJson.mapper().readValue(String.valueOf(answer.get(i + 1)), Registration.class);
        nodes.add(node(id, said, Long.parseLong(String.valueOf(answer.get(i + 2)))));
      } catch (JacksonException e) {
        log.error("what Redis holds of node {} cannot be read; it is left out", id, e);
      }
    }
    return new LiveNodes(nodes);
  }

  private static Node node(String id, Registration said, long leftMs) {
    return new Node(
        id, said.role(), said.cluster(), said.url(), said.capacityBytes(), said.load(), leftMs);
  }

  private static <T> T answered(Supplier<@Nullable T> command) {
    try {
      return Objects.requireNonNull(command.get());
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "Redis, which holds the nodes, does not answer; try again",
          e);
    }
  }
}
