-- Takes back a fragment that could not be announced.
-- KEYS[1] the fragment
-- ARGV    digest
-- Answer  1, or 0 if somebody else has announced it meanwhile
local kept = redis.call('HMGET', KEYS[1], 'digest', 'pending')
if kept[1] ~= ARGV[1] or not kept[2] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
