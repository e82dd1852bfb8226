-- Which bytes some names have.
-- ARGV members
-- Answer the digest of each, '' for one that is not there or has ended

-- include shared

local now = now_ms()
local answers = {}
for i = 1, #ARGV do
  local kept = redis.call('GETRANGE', name_of(ARGV[i]), 0, 81)
  local expires, digest = string.match(kept, '^(%d+) %d+ (%x+)$')
  answers[i] = digest and not has_ended(expires, now) and digest or ''
end
return answers
