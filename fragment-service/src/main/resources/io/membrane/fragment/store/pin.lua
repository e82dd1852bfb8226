-- Keeps names from eviction under a pin's name, and no others under that pin any more.
-- ARGV 1 pin (<tenant>/<name>), 2 tenant, 3 ms that it lasts; 0: it ends now, then members
-- Answer {1 for each that is kept now, 0 for each that is not there or another tenant's}

-- include shared

unpin(ARGV[1])
local answers = {}
if ARGV[3] == '0' then
  return answers
end
local now = now_ms()
for i = 4, #ARGV do
  local kept = name_at(name_of(ARGV[i]))
  answers[#answers + 1] = 0
  if kept and kept.owner == ARGV[2] and not has_ended(kept.expires, now) then
    redis.call('SADD', pin_of(ARGV[1]), ARGV[i])
    redis.call('SADD', pinned_of(ARGV[i]), ARGV[1])
    redis.call('ZREM', RANK, ARGV[i])
    answers[#answers] = 1
  end
end
if redis.call('EXISTS', pin_of(ARGV[1])) == 1 then
  redis.call('ZADD', PINS, int(now + tonumber(ARGV[3])), ARGV[1])
end
return answers
