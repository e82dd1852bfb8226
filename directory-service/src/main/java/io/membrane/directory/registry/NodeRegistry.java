package io.membrane.directory.registry;

import io.membrane.directory.membership.FailureDetector;
import io.membrane.directory.membership.FailureDetector.Lease;
import io.membrane.directory.membership.KnownNodes;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import io.membrane.wire.MembershipClient.Registration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
 * ends in a sorted set, by Redis' clock. A node whose lease has ended is remembered for {@value
 * #REMEMBERED} leases, and until it was judged lost, however long no directory ran. How it is
 * judged is each replica's own: two may differ for as long as one of them was standing still and
 * for a lease after. Thread-safe; methods block and throw {@link ErrorCode#DEPENDENCY_UNAVAILABLE}
 * while Redis does not answer.
 */
public final class NodeRegistry {

  private static final List<String> KEYS = List.of("{membrane}:nodes", "{membrane}:nodes:ends");

  /** Leases for which a node that does not renew is still known. */
  private static final int REMEMBERED = 10;

  /** Redis' time in ms, and how a node is forgotten. */
  private static final String NOW =
      """
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      local function forget(id)
        redis.call('HDEL', KEYS[1], id)
        redis.call('ZREM', KEYS[2], id)
      end
      """;

  /** Of id, JSON, lease and limit; 0 if there are as many live others as there may be. */
  private static final RedisScript<Long> RENEW =
      new DefaultRedisScript<>(
          NOW
              + """
              if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
                  and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
                local first = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)
                if #first == 0 then
                  return 0
                end
                forget(first[1])
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

  /** Of id and end of the lease of each in turn; they are forgotten unless they renewed since. */
  private static final RedisScript<Long> FORGET =
      new DefaultRedisScript<>(
          NOW
              + """
              for i = 1, #ARGV, 2 do
                local lease = redis.call('ZSCORE', KEYS[2], ARGV[i])
                if lease and string.format('%.0f', lease) == ARGV[i + 1] then
                  forget(ARGV[i])
                end
              end
              return 0
              """,
          Long.class);

  /** Id, JSON, end of the lease in ms and what is left of it in ms of each in turn. */
  @SuppressWarnings("rawtypes") // as Redis' answer is
  private static final RedisScript<List> ALL =
      new DefaultRedisScript<>(
          NOW
              + """
              local all = {}
              local ends = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
              for i = 1, #ends, 2 do
                local json = redis.call('HGET', KEYS[1], ends[i])
                if json then
                  all[#all + 1] = ends[i]
                  all[#all + 1] = json
                  all[#all + 1] = string.format('%.0f', ends[i + 1])
                  all[#all + 1] = string.format('%.0f', ends[i + 1] - now)
                end
              end
              return all
              """,
          List.class);

  private static final Logger log = LoggerFactory.getLogger(NodeRegistry.class);

  private final StringRedisTemplate redis;
  private final FailureDetector detector;

  /**
   * The registry in the Redis that {@code connections} reach.
   *
   * @param detector is told of every look at it
   */
  public NodeRegistry(RedisConnectionFactory connections, FailureDetector detector) {
    this.redis = new StringRedisTemplate(connections);
    this.detector = detector;
  }

  /**
   * Registers a node, or renews its lease with what it says of itself now.
   *
   * @return what is recorded
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if it is new and the leases of {@link
   *     MembershipClient#MAX_NODES} others run
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
    return said.node(id, said.leaseMs(), NodeState.LIVE);
  }

  /** Ends a node's lease; does nothing if there is none. */
  public void leave(String id) {
    answered(() -> redis.execute(LEAVE, KEYS, id));
  }

  /** The nodes that are registered, and how they are judged now. */
  public KnownNodes known() {
    return look().nodes();
  }

  /**
   * The registry at one moment.
   *
   * @param overdue end of the lease in ms by id, of those that are to be forgotten: lost, and their
   *     leases ended {@value #REMEMBERED} leases ago, or what they said cannot be read
   */
  record Look(KnownNodes nodes, Map<String, Long> overdue) {}

  /** Looks at the registry and judges the nodes. */
  Look look() {
    long nanos = System.nanoTime();
    List<?> answer = answered(() -> redis.execute(ALL, KEYS));
    Map<String, Registration> said = LinkedHashMap.newLinkedHashMap(answer.size() / 4);
    List<Lease> leases = new ArrayList<>(answer.size() / 4);
    Map<String, Long> overdue = new LinkedHashMap<>();
    for (int i = 0; i + 3 < answer.size(); i += 4) {
      String id = String.valueOf(answer.get(i));
      long end = Long.parseLong(String.valueOf(answer.get(i + 2)));
      long leftMs = Long.parseLong(String.valueOf(answer.get(i + 3)));
      try {
        Registration registration =
            WireJson.mapper().readValue(String.valueOf(answer.get(i + 1)), Registration.class);
        said.put(id, registration);
        leases.add(new Lease(id, end, leftMs, registration.leaseMs()));
      } catch (JacksonException e) {
        log.error("what Redis holds of node {} cannot be read; it is left out", id, e);
        if (leftMs <= 0) {
          overdue.put(id, end);
        }
      }
    }
    Map<String, NodeState> states = detector.look(leases, nanos);
    List<Node> nodes = new ArrayList<>(leases.size());
    for (Lease lease : leases) {
      NodeState state = Objects.requireNonNull(states.get(lease.id()));
      nodes.add(
          Objects.requireNonNull(said.get(lease.id()))
              .node(lease.id(), Math.max(0, lease.leftMs()), state));
      if (state == NodeState.LOST && -lease.leftMs() >= REMEMBERED * lease.leaseMs()) {
        overdue.put(lease.id(), lease.end());
      }
    }
    return new Look(new KnownNodes(nodes), overdue);
  }

  /** Forgets nodes, but for those that renewed since the look that found them overdue. */
  void forget(Map<String, Long> overdue) {
    if (!overdue.isEmpty()) {
      Object[] pairs =
          overdue.entrySet().stream()
              .flatMap(node -> Stream.of(node.getKey(), Long.toString(node.getValue())))
              .toArray();
      answered(() -> redis.execute(FORGET, KEYS, pairs));
    }
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
