-- Notes that the log knows of a fragment, if it is still as it was announced.
-- KEYS[1] the fragment
-- ARGV    digest, expires, position
-- Answer  1, or 0 if the fragment is gone; one whose life has grown meanwhile stays pending, for
--         whoever let it grow to announce
local kept = redis.call('HMGET', KEYS[1], 'digest', 'expires')
if kept[1] ~= ARGV[1] then
  return 0
end
if kept[2] == ARGV[2] then
  redis.call('HDEL', KEYS[1], 'pending')
  redis.call('HSET', KEYS[1], 'position', ARGV[3])
end
return 1
