-- Which names there are.
-- ARGV members
-- Answer {1 or 0 for each}
local now = now_ms()
local answers = {}
for i = 1, #ARGV do
  local kept = redis.call('HMGET', name_of(ARGV[i]), 'generation', 'expires')
  answers[i] = kept[1] and not has_ended(kept[2], now) and 1 or 0
end
return answers
