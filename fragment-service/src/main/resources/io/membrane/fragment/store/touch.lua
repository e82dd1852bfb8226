-- Counts uses of names and ranks them anew.
-- ARGV member, uses; in turn
-- Answer {how many there still were to rank}

-- include shared

local age = redis.call('HGET', STORE, 'age')
local found = 0
for i = 1, #ARGV, 2 do
  local name = name_of(ARGV[i])
  local record = redis.call('GET', name)
  local uses = record and tonumber(string.sub(record, 15, 17))
  if uses then
    uses = string.format('%03d', math.min(uses + ARGV[i + 1], 255))
    redis.call('SETRANGE', name, 14, uses)
    if rank_at(age, ARGV[i], record, uses) then
      found = found + 1
    end
  end
end
return {found}
