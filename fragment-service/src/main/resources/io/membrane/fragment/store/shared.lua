-- What scripts have in common; each of them says where it stands, since Lua makes all functions of a
-- script anew whenever it runs. All of the store's keys but the bodies have the tag {membrane} and so
-- lie in one slot: a script changes them together or not at all. Scripts build the keys themselves;
-- KEYS[1] says which node runs them. The layout is drawn in RedisKeys.java.
local PREFIX = '{membrane}:'
local LOG = '{membrane}:log'
local CHANGES = '{membrane}:changes'
local RANK = '{membrane}:rank'
local EXPIRY = '{membrane}:expiry'
local STORE = '{membrane}:store'
local PINS = '{membrane}:pins'
local NOTES = '{membrane}:notes'
local NAME_BYTES = 1536
local CLASS_SPAN = 1e9
-- An end that never comes.
local NEVER = '0000000000000'

local function int(number)
  return string.format('%d', number)
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
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
  return expires ~= NEVER and (tonumber(expires) or 0) <= now
end

-- The fields of a name; none if what is there cannot be read, nil if nothing is.
local function name_at(key)
  local record = redis.call('GET', key)
  if not record then
    return nil
  end
  local kept = {record = record}
  kept.expires, kept.uses, kept.digest, kept.generation, kept.position, kept.announced, kept.class,
      kept.weight, kept.bytes, kept.owner, kept.with = string.match(record,
      '^(%S*) (%S*) (%S*) (%S*) (%S*) (%S*) (%S*) (%S*) (%S*) (%S*)\n[^\n]*\n[^\n]*\n(.*)$')
  return kept
end

-- include contents

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

-- Ranks a name by its uses, those given or else those of its record, unless it never ends or is
-- pinned: then it is in no ranking.
local function rank_at(age, member, record, given)
  local expires, uses, class, weight = string.match(record or '',
      '^(%S*) (%S*) %S* %S* %S* %S* (%S*) (%S*) ')
  if not expires or expires == NEVER or redis.call('EXISTS', pinned_of(member)) == 1 then
    return false
  end
  local score = tonumber(age or '0') + (tonumber(given or uses) or 1) * (tonumber(weight) or 1)
      + (tonumber(class) or 0) * CLASS_SPAN
  redis.call('ZADD', RANK, string.format('%.17g', score), member)
  return true
end

local function rank(member)
  return rank_at(redis.call('HGET', STORE, 'age'), member, redis.call('GET', name_of(member)))
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
  local key = content_of(digest)
  local content = content_at(key)
  if not content or content.generation ~= generation then
    return nil
  end
  -- As many commands whether others have these bytes or not, so that their time does not tell.
  local last = content.references <= 1
  if last then
    redis.call('DEL', key)
  else
    keep_content(key, content.references - 1, content.footprint, generation, content.body)
  end
  redis.call('HINCRBY', STORE, 'bytes', last and 0 - content.footprint or 0)
  return last and content.body or nil
end

-- Tells the log that a fragment is gone; the entry's position.
local function tell_removed(member, event, log_length)
  local domain, hash, slice = string.match(member, '^([^/]+)/(%x+)/([^/]+)$')
  local entry = string.gsub(string.gsub(event, '@hash@', hash), '@slice@', slice)
  entry = string.gsub(entry, '@domain@', domain)
  return redis.call('XADD', LOG, 'MAXLEN', '~', log_length, '*', 'entry', entry)
end

-- Removes a name and all that hangs on it, and what goes with it unless it goes `alone`; tells the
-- log unless it goes `silently`. Bodies that nobody names any more are added to `bodies`: the caller
-- unlinks them, and the sweep if it does not.
local function remove(member, event, log_length, bodies, alone, silently)
  local name = name_of(member)
  local kept = name_at(name)
  if not kept then
    return false
  end
  redis.call('DEL', name)
  redis.call('ZREM', RANK, member)
  redis.call('ZREM', EXPIRY, member)
  redis.call('DEL', pinned_of(member))
  redis.call('HINCRBY', STORE, 'bytes', -NAME_BYTES)
  redis.call('HINCRBY', STORE, 'names', -1)
  redis.call('HINCRBY', account_of(kept.owner), 'bytes', 0 - (tonumber(kept.bytes) or 0))
  redis.call('HINCRBY', account_of(kept.owner), 'names', -1)
  local body = release(kept.digest, kept.generation)
  if body then
    bodies[#bodies + 1] = body
  end
  changed(member)
  if kept.announced == '1' and not silently then
    tell_removed(member, event, log_length)
  end
  if not alone and kept.with and kept.with ~= '' then
    for other in string.gmatch(kept.with, '[^\n]+') do
      remove(other, event, log_length, bodies)
    end
  end
  return true
end
