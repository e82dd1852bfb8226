-- Which bytes some names have.
-- ARGV members
-- Answer the digest of each, '' for one that is not there or has ended
local now = now_ms()
local answers = {}
for i = 1, #ARGV do
  local kept = redis.call('HMGET', name_of(ARGV[i]), 'digest', 'generation', 'expires')
  answers[i] = kept[1] and kept[2] and not has_ended(kept[3], now) and kept[1] or ''
end
return answers
