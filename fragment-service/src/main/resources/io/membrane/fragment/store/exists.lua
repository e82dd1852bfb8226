-- Which names there are.
-- ARGV members
-- Answer {1 or 0 for each}

-- include shared

local now = now_ms()
local answers = {}
for i = 1, #ARGV do
  local expires = redis.call('GETRANGE', name_of(ARGV[i]), 0, 12)
  answers[i] = expires ~= '' and not has_ended(expires, now) and 1 or 0
end
return answers
