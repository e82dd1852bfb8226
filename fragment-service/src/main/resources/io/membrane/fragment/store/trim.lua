-- Removes what has ended and ends pins, and then what ranks lowest until the store is small enough.
-- ARGV 1 bytes that the store may take, 2 most names to remove, 3 event 'removed', 4 log length
-- Answer {bytes in the store, names that had ended, names that had to go, bodies to unlink ...}

-- include shared

local bodies = {}
local most = tonumber(ARGV[2])
local ended = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', int(now_ms()), 'LIMIT', '0', ARGV[2])
for _, member in ipairs(ended) do
  if not remove(member, ARGV[3], ARGV[4], bodies) then
    redis.call('ZREM', EXPIRY, member)
    redis.call('ZREM', RANK, member)
  end
end
for _, pin in ipairs(redis.call('ZRANGEBYSCORE', PINS, '-inf', int(now_ms()), 'LIMIT', '0', '16')) do
  unpin(pin)
end
local gone = 0
local bytes = tonumber(redis.call('HGET', STORE, 'bytes') or '0')
while bytes > tonumber(ARGV[1]) and #ended + gone < most do
  local first = redis.call('ZRANGE', RANK, 0, 0, 'WITHSCORES')
  if #first == 0 then
    break
  end
  if not remove(first[1], ARGV[3], ARGV[4], bodies) then
    redis.call('ZREM', RANK, first[1])
  end
  redis.call('HSET', STORE, 'age', string.format('%.17g', tonumber(first[2]) % CLASS_SPAN))
  gone = gone + 1
  bytes = tonumber(redis.call('HGET', STORE, 'bytes') or '0')
end
return {int(bytes), #ended, gone, unpack(bodies)}
