package io.membrane.directory.engine;

import java.util.List;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/** What Redis does at once for the registry of engines. */
final class EngineScripts {

  /**
   * Of key, JSON, limit and whether another may be replaced; 1 if it is new, 2 if it was there, 0
   * if there are as many others as there may be, −1 if another is there.
   */
  static final RedisScript<Long> PUT =
      new DefaultRedisScript<>(
          """
          local held = redis.call('HGET', KEYS[1], ARGV[1])
          if held == ARGV[2] then
            return 2
          elseif held and ARGV[4] ~= 'replace' then
            return -1
          elseif not held and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
            return 0
          end
          redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
          return 1
          """,
          Long.class);

  /** Of a replica's name and a lease in ms; the names of all whose leases run. */
  @SuppressWarnings("rawtypes") // as Redis' answer is
  static final RedisScript<List> LIVE =
      new DefaultRedisScript<>(
          """
          local time = redis.call('TIME')
          local now = time[1] * 1000 + math.floor(time[2] / 1000)
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
          redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
          return redis.call('ZRANGE', KEYS[1], 0, -1)
          """,
          List.class);

  /** Of a source and an epoch; that epoch, or a later one that nobody was given. */
  static final RedisScript<String> NEXT_EPOCH =
      new DefaultRedisScript<>(
          """
          local last = redis.call('HGET', KEYS[1], ARGV[1])
          if last and tonumber(last) >= tonumber(ARGV[2]) then
            return string.format('%.0f', redis.call('HINCRBY', KEYS[1], ARGV[1], 1))
          end
          redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
          return ARGV[2]
          """,
          String.class);

  private EngineScripts() {}
}
