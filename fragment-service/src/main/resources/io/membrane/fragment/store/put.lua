-- Gives a body, which the caller has written, a name. Most names are new: what such a put does not
-- need stands behind a condition, functions too, since this script is the larger part of what a put
-- of a small fragment costs Redis.
-- ARGV 1 member, 2 body (id), 3 until when the body may be named (ms), 4 '1' if it was sent ahead of
--      this and its answer not waited for, or '', 5 '1' to overwrite other bytes, or '', 6 bytes,
--      7 footprint, 8 owner, 9 quota: bytes and names, -1: none; '' if there is neither, 10 ttl (ms, 0:
--      no end), 11 ms that it may be read longer than it lives, 12 rank (class and weight), 13 parent
--      (member or ''), 14 log length, 15 event 'stored' up to its life, or '', 16 event 'removed',
--      17 what follows the position in the name's record
-- Answer {STORED | SAME, expires, position, bytes in the store, body to unlink or ''}
--        {CONFLICT | STALE | LOST} or {QUOTA, bytes, names of the owner}; then nothing is changed
local member, body, bytes, footprint = ARGV[1], ARGV[2], ARGV[6], ARGV[7]
local digest, generation = string.sub(body, 1, 64), string.sub(body, 66)
local name = '{membrane}:name:' .. member
local content = '{membrane}:content:' .. digest
local account = '{membrane}:account:' .. ARGV[8]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then
  return {'STALE'}
end
if ARGV[4] ~= '' and redis.call('EXISTS', 'membrane:body:' .. body) == 0 then
  return {'LOST'}
end
local ttl = tonumber(ARGV[10])
local ends, expires = '0000000000000', '0000000000000'
-- In 2286 ends come to have more digits than that; what lives longer ends then.
if ttl > 0 then
  ends = string.format('%013d', math.min(now + ttl, 9999999999999))
  expires = ARGV[11] == '0' and ends
      or string.format('%013d', math.min(now + ttl + ARGV[11], 9999999999999))
end
local body_to_drop = ''
local bodies = {}

local function announce(until_ms)
  if ARGV[15] == '' then
    return ''
  end
  local life = until_ms == '0000000000000' and '}}' or ',"expires_at_ms":' .. until_ms .. '}}'
  return redis.call('XADD', '{membrane}:log', 'MAXLEN', '~', ARGV[14], '*', 'entry',
      ARGV[15] .. life)
end

local remove_old
local old_bytes, old_names = 0, 0
if redis.call('EXISTS', name) == 1 then
  -- include shared
  local kept = name_at(name)
  local same = kept.digest == digest
  local named = content_at(same and content or content_of(kept.digest))
  if named and named.generation == kept.generation and not has_ended(kept.expires, now) then
    if same then
      -- The newest body is known to be whole; the one before may have been damaged meanwhile.
      if named.body ~= body then
        body_to_drop = named.body
      end
      keep_content(content, named.references, footprint, named.generation, body)
      local store_bytes = redis.call('HINCRBY', STORE, 'bytes', footprint - named.footprint)
      -- A life that grows by less than a sixteenth is left alone: each would cost a log entry.
      local before = (tonumber(kept.expires) or 0) - ARGV[11]
      local grows = kept.expires ~= NEVER and (ttl == 0 or now + ttl - before > ttl / 16)
      local position = kept.position
      local lost = position ~= '' and #redis.call('XRANGE', LOG, position, position) == 0
      local until_ms = grows and expires or kept.expires
      if grows then
        if until_ms == NEVER then
          redis.call('ZREM', EXPIRY, member)
          redis.call('ZREM', RANK, member)
        else
          redis.call('ZADD', EXPIRY, ends, member)
        end
        changed(member)
      end
      if grows or lost then
        position = announce(until_ms)
        local head, tail = string.match(kept.record, '^%S* (%S* %S* %S*) %S*( .*)$')
        redis.call('SET', name, until_ms .. ' ' .. head .. ' ' .. position .. tail)
      end
      return {'SAME', until_ms, position, store_bytes, body_to_drop}
    end
    if ARGV[5] == '' then
      return {'CONFLICT'}
    end
  end
  if kept.owner == ARGV[8] then
    old_bytes, old_names = tonumber(kept.bytes) or 0, 1
  end
  remove_old = function()
    -- What goes with the name stays, it may be the new bytes' already.
    remove(member, ARGV[16], ARGV[14], bodies, true)
  end
end

if ARGV[9] ~= '' then
  local most_bytes, most_names = string.match(ARGV[9], '^(%S+) (%S+)$')
  local used = redis.call('HMGET', account, 'bytes', 'names')
  local used_bytes, used_names = (used[1] or 0) - old_bytes, (used[2] or 0) - old_names
  if (most_bytes ~= '-1' and used_bytes + bytes > tonumber(most_bytes))
      or (most_names ~= '-1' and used_names + 1 > tonumber(most_names)) then
    return {'QUOTA', string.format('%d', used_bytes), string.format('%d', used_names)}
  end
end

-- The first command that writes is one that Redis refuses when it is full; after it none is.
if remove_old then
  redis.call('HSET', '{membrane}:store', 'full', '0')
  remove_old()
end
local position = announce(expires)
local more = footprint + 1536
-- The same commands whether others have these bytes or not, so that their time does not tell.
local references = 1
local kept_references, kept_footprint, kept_generation, kept_body = string.match(
    redis.call('GET', content) or '', '^(%d+) (%d+) (%S+) (%S+)$')
if kept_body then
  references, generation, more = kept_references + 1, kept_generation, more - kept_footprint
  if kept_body ~= body then
    body_to_drop = kept_body
  end
end
redis.call('SET', content,
    string.format('%d', references) .. ' ' .. footprint .. ' ' .. generation .. ' ' .. body)
redis.call('SET', name,
    expires .. ' 001 ' .. digest .. ' ' .. generation .. ' ' .. position .. ARGV[17])
local store_bytes = redis.call('HINCRBY', '{membrane}:store', 'bytes', string.format('%d', more))
redis.call('HINCRBY', '{membrane}:store', 'names', '1')
redis.call('HINCRBY', account, 'bytes', bytes)
redis.call('HINCRBY', account, 'names', '1')
if ttl > 0 then
  -- GreedyDual-Size-Frequency, as in the memory tier; a child does not rank above its parent.
  local score = (redis.call('HGET', '{membrane}:store', 'age') or 0) + ARGV[12]
  local parent = ARGV[13] ~= '' and redis.call('ZSCORE', '{membrane}:rank', ARGV[13])
  if parent then
    parent = tonumber(parent)
    if parent <= score and math.floor(parent / 1e9) == math.floor(score / 1e9) then
      score = parent - 1e-6
    end
  end
  redis.call('ZADD', '{membrane}:expiry', ends, member)
  redis.call('ZADD', '{membrane}:rank', string.format('%.17g', score), member)
end
if not remove_old then
  -- What was removed is noted already.
  redis.call('XADD', '{membrane}:notes', 'NOMKSTREAM', 'MAXLEN', '~', '50000', '*', 'name', member)
end
return {'STORED', expires, position, store_bytes, body_to_drop, unpack(bodies)}
