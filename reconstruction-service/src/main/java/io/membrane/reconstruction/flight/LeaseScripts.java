package io.membrane.reconstruction.flight;

import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * What Redis does at once for a lease. Its key holds {@code held:<token>}, or after it {@code
 * done:<log position>} for a while, or nothing.
 */
final class LeaseScripts {

  /** Of a holder and ms; {@code ok:} and what was there before, or {@code busy}. */
  static final RedisScript<String> CLAIM =
      new DefaultRedisScript<>(
          """
          local before = redis.call('GET', KEYS[1])
          if before and string.sub(before, 1, 5) == 'held:' then
            return 'busy'
          end
          redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
          return 'ok:' .. (before or '')
          """,
          String.class);

  /** Of a holder and ms; 1 if it is still that one's. */
  static final RedisScript<Long> RENEW =
      new DefaultRedisScript<>(
          """
          if redis.call('GET', KEYS[1]) == ARGV[1] then
            return redis.call('PEXPIRE', KEYS[1], ARGV[2])
          end
          return 0
          """,
          Long.class);

  /** Of a holder, what is there after it, and ms of that; 1 if it was still that one's. */
  static final RedisScript<Long> RELEASE =
      new DefaultRedisScript<>(
          """
          if redis.call('GET', KEYS[1]) ~= ARGV[1] then
            return 0
          elseif ARGV[2] == '' then
            return redis.call('DEL', KEYS[1])
          end
          redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
          return 1
          """,
          Long.class);

  private LeaseScripts() {}
}
