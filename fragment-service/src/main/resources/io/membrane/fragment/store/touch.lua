-- Counts uses of names and ranks them anew.
-- ARGV member, uses; in turn
-- Answer {how many there still were}
local age = tonumber(redis.call('HGET', STORE, 'age') or '0')
local found = 0
for i = 1, #ARGV, 2 do
  local kept = redis.call('HMGET', name_of(ARGV[i]), 'uses', 'weight', 'class')
  if kept[1] and redis.call('ZSCORE', RANK, ARGV[i]) then
    local uses = math.min(tonumber(kept[1]) + tonumber(ARGV[i + 1]), 255)
    redis.call('HSET', name_of(ARGV[i]), 'uses', int(uses))
    local score = age + uses * tonumber(kept[2]) + tonumber(kept[3]) * CLASS_SPAN
    redis.call('ZADD', RANK, 'XX', string.format('%.17g', score), ARGV[i])
    found = found + 1
  end
end
return {found}
