-- Counts uses of names and ranks them anew.
-- ARGV member, uses; in turn
-- Answer {how many there still were to rank}

-- include shared

local found = 0
for i = 1, #ARGV, 2 do
  local name = name_of(ARGV[i])
  local uses = redis.call('GETRANGE', name, 14, 16)
  if #uses == 3 then
    uses = math.min((tonumber(uses) or 0) + tonumber(ARGV[i + 1]), 255)
    redis.call('SETRANGE', name, 14, string.format('%03d', uses))
    if rank(ARGV[i]) then
      found = found + 1
    end
  end
end
return {found}
