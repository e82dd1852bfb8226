-- Removes names.
-- ARGV 1 event 'removed', 2 log length, then members
-- Answer {how many went, with those that went with them, bytes in the store, bodies to unlink ...}

-- include shared

local before = tonumber(redis.call('HGET', STORE, 'names') or '0')
local bodies = {}
for i = 3, #ARGV do
  remove(ARGV[i], ARGV[1], ARGV[2], bodies)
end
local after = tonumber(redis.call('HGET', STORE, 'names') or '0')
return {before - after, redis.call('HGET', STORE, 'bytes') or '0', unpack(bodies)}
