-- Stores a fragment unless its key is taken.
-- KEYS[1] the fragment
-- ARGV    body, digest, meta, seal, time to live in ms (0: no end)
-- Answer  {STORED | SAME | CONFLICT, expires, position}; an empty position: to be announced
local expires = 0
if tonumber(ARGV[5]) > 0 then
  local now = redis.call('TIME')
  expires = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000) + tonumber(ARGV[5])
end

local kept = redis.call('HMGET', KEYS[1], 'digest', 'expires', 'pending', 'position')
if kept[1] and kept[1] ~= ARGV[2] then
  return {'CONFLICT', '', ''}
end
-- Bytes that were damaged since are replaced by the good ones.
if kept[1] and redis.call('HGET', KEYS[1], 'body') ~= ARGV[1] then
  kept[1] = false
end

-- HSET comes first where it takes much room: it alone is refused when memory is full, and nothing
-- is written then. Where it takes little it comes after a command that needs none.
if not kept[1] then
  local until_ms = string.format('%.0f', expires)
  redis.call('HSET', KEYS[1], 'body', ARGV[1], 'digest', ARGV[2], 'meta', ARGV[3],
      'seal', ARGV[4], 'expires', until_ms, 'pending', '1')
  redis.call('HDEL', KEYS[1], 'position')
  if expires > 0 then
    redis.call('PEXPIREAT', KEYS[1], until_ms)
  else
    redis.call('PERSIST', KEYS[1])
  end
  return {'STORED', until_ms, ''}
end

-- A life that grows by less than a sixteenth is left alone: it would cost a log entry each time.
local before = tonumber(kept[2]) or 0
if before > 0 and (expires == 0 or expires - before > tonumber(ARGV[5]) / 16) then
  local until_ms = string.format('%.0f', expires)
  if expires > 0 then
    redis.call('PEXPIREAT', KEYS[1], until_ms)
  else
    redis.call('PERSIST', KEYS[1])
  end
  redis.call('HSET', KEYS[1], 'expires', until_ms, 'pending', '1')
  return {'SAME', until_ms, ''}
end
if kept[3] or not kept[4] then
  return {'SAME', kept[2] or '', ''}
end
return {'SAME', kept[2] or '', kept[4]}
