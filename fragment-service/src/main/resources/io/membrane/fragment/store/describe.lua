-- Everything about a fragment but its bytes, in one look.
-- KEYS[1] the fragment
-- Answer  {bytes of the body, digest, meta, seal, expires, pending, position}
local kept = redis.call('HMGET', KEYS[1],
    'digest', 'meta', 'seal', 'expires', 'pending', 'position')
return {redis.call('HSTRLEN', KEYS[1], 'body'), unpack(kept)}
