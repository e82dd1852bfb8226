-- Stands before every script. All of the store's keys but the bodies have the tag {membrane} and so
-- lie in one slot: a script changes them together or not at all. Scripts build the keys themselves;
-- KEYS[1] says which node runs them. The layout is drawn in RedisKeys.java.
local PREFIX = '{membrane}:'
local LOG = PREFIX .. 'log'
local CHANGES = PREFIX .. 'changes'
local RANK = PREFIX .. 'rank'
local EXPIRY = PREFIX .. 'expiry'
local STORE = PREFIX .. 'store'
local PINS = PREFIX .. 'pins'
local NOTES = PREFIX .. 'notes'
local NAME_BYTES = 1536
local CLASS_SPAN = 1e9

local function int(number)
  return string.format('%.0f', number)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function name_of(member)
  return PREFIX .. 'name:' .. member
end

local function content_of(digest)
  return PREFIX .. 'content:' .. (digest or '')
end

local function account_of(tenant)
  return PREFIX .. 'account:' .. (tenant or '')
end

local function pin_of(pin)
  return PREFIX .. 'pin:' .. pin
end

local function pinned_of(member)
  return PREFIX .. 'pinned:' .. member
end

local function has_ended(expires, now)
  return expires ~= '0' and (tonumber(expires or '') or 0) <= now
end

-- Whoever holds an inventory follows these. There is no stream, and so no note, while nobody does:
-- notes.lua makes it, and Redis forgets it a minute after the last look.
local function noted(member)
  redis.call('XADD', NOTES, 'NOMKSTREAM', 'MAXLEN', '~', '50000', '*', 'name', member)
end

-- What this life of the store is called. A server that takes over, or starts again, may lack the last
-- of what replicas know.
local function life_of(fresh)
  local life = redis.call('HGET', STORE, 'life')
  if not life then
    life = fresh
    redis.call('HSET', STORE, 'life', life)
  end
  return life .. '/' .. string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- Replicas follow these, so that their memory forgets what is no longer true.
local function changed(member)
  redis.call('XADD', CHANGES, 'MAXLEN', '~', '20000', '*', 'name', member)
  redis.call('HINCRBY', STORE, 'changes', 1)
  noted(member)
end

-- Ranks a name by its uses, unless it never ends or is pinned: then it is in no ranking.
local function rank(member)
  local kept = redis.call('HMGET', name_of(member), 'uses', 'weight', 'class', 'expires')
  if not kept[4] or kept[4] == '0' or redis.call('EXISTS', pinned_of(member)) == 1 then
    return false
  end
  local age = tonumber(redis.call('HGET', STORE, 'age') or '0')
  local score = age + (tonumber(kept[1]) or 1) * (tonumber(kept[2]) or 1)
      + (tonumber(kept[3]) or 0) * CLASS_SPAN
  redis.call('ZADD', RANK, string.format('%.17g', score), member)
  return true
end

-- Ends a pin: what no other pin keeps may go again.
local function unpin(pin)
  for _, member in ipairs(redis.call('SMEMBERS', pin_of(pin))) do
    if redis.call('SREM', pinned_of(member), pin) == 1 then
      rank(member)
    end
  end
  redis.call('DEL', pin_of(pin))
  redis.call('ZREM', PINS, pin)
end

-- One reference less; the body's id if it was the last.
local function release(digest, generation)
  local content = content_of(digest)
  local kept = redis.call('HMGET', content, 'generation', 'body', 'footprint')
  if not kept[1] or kept[1] ~= generation or redis.call('HINCRBY', content, 'references', -1) > 0 then
    return nil
  end
  redis.call('DEL', content)
  redis.call('HINCRBY', STORE, 'bytes', 0 - (tonumber(kept[3]) or 0))
  return kept[2]
end

-- Removes a name and all that hangs on it, and what goes with it unless it goes `alone`; tells the
-- log if `event` is given. Bodies that nobody names any more are added to `bodies`: the caller
-- unlinks them, and the sweep if it does not.
local function remove(member, event, log_length, bodies, alone)
  local name = name_of(member)
  local kept = redis.call('HMGET', name, 'digest', 'generation', 'owner', 'bytes', 'with', 'announced')
  if not kept[1] and not kept[2] then
    return false
  end
  redis.call('DEL', name)
  redis.call('ZREM', RANK, member)
  redis.call('ZREM', EXPIRY, member)
  redis.call('DEL', pinned_of(member))
  redis.call('HINCRBY', STORE, 'bytes', -NAME_BYTES)
  redis.call('HINCRBY', STORE, 'names', -1)
  redis.call('HINCRBY', account_of(kept[3]), 'bytes', 0 - (tonumber(kept[4]) or 0))
  redis.call('HINCRBY', account_of(kept[3]), 'names', -1)
  local body = release(kept[1], kept[2])
  if body then
    bodies[#bodies + 1] = body
  end
  changed(member)
  if kept[6] == '1' then
    local hash, slice = string.match(member, '/(%x+)/([^/]+)$')
    local entry = string.gsub(string.gsub(event, '@hash@', hash), '@slice@', slice)
    redis.call('XADD', LOG, 'MAXLEN', '~', log_length, '*', 'entry', entry)
  end
  if not alone and kept[5] and kept[5] ~= '' then
    for other in string.gmatch(kept[5], '[^\n]+') do
      remove(other, event, log_length, bodies)
    end
  end
  return true
end

