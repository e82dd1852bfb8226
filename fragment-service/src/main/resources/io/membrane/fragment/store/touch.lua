-- Counts uses of names and ranks them anew.
-- ARGV member, uses; in turn
-- Answer {how many there still were to rank}
local found = 0
for i = 1, #ARGV, 2 do
  local name = name_of(ARGV[i])
  local uses = redis.call('HGET', name, 'uses')
  if uses then
    redis.call('HSET', name, 'uses', int(math.min((tonumber(uses) or 0) + tonumber(ARGV[i + 1]), 255)))
    if rank(ARGV[i]) then
      found = found + 1
    end
  end
end
return {found}
