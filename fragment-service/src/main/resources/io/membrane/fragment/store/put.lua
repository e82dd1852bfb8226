-- Gives a body, which the caller has written, a name.
-- ARGV 1 JSON: member, digest, bytes, footprint, body (id), written (ms in the id), owner,
--        quota_bytes, quota_names (-1: none), ttl (ms, 0: no end), class, weight, overwrite (bool),
--        parent (member or ''), with (members that go with it), log_length, window (ms that a
--        body may be old)
--      2 meta, 3 seal, 4 event 'stored' or '', 5 event 'removed'
-- Answer {STORED | SAME, expires, position, bytes in the store, body to unlink or ''}
--        {CONFLICT | STALE} or {QUOTA, bytes, names of the owner}; then nothing is changed
local put = cjson.decode(ARGV[1])
local name = name_of(put.member)
local content = content_of(put.digest)
local now = now_ms()
if now - put.written > put.window then
  return {'STALE'}
end
-- What takes others with it may be read a little longer than it lives: until trim.lua, which looks
-- every second, removes it and them at once. Else they would outlive it until then.
local grace = put.with ~= '' and 10000 or 0
local ends = int(now + put.ttl)
local expires = put.ttl > 0 and int(now + put.ttl + grace) or '0'
local body_to_drop = ''
local bodies = {}

local function announce(until_ms)
  if ARGV[4] == '' then
    return ''
  end
  local life = until_ms == '0' and '' or ',"expires_at_ms":' .. until_ms
  local entry = string.gsub(ARGV[4], ',"expires_at_ms":888888888888888888', life)
  return redis.call('XADD', LOG, 'MAXLEN', '~', put.log_length, '*', 'entry', entry)
end

local function answer(status, until_ms, position)
  return {status, until_ms, position, redis.call('HGET', STORE, 'bytes'),
      body_to_drop, unpack(bodies)}
end

-- The newest body is known to be whole; the one before may have been damaged meanwhile. It is the
-- same one if a client sends a call again whose answer it has lost.
local function take_body()
  local before = redis.call('HGET', content, 'body')
  if before and before ~= put.body then
    body_to_drop = before
  end
  redis.call('HSET', content, 'body', put.body)
end

local kept = redis.call('HMGET', name, 'digest', 'generation', 'expires', 'position')
local taken = kept[1] or kept[2]
local whole = kept[1] and kept[2] and redis.call('HGET', content_of(kept[1]), 'generation') == kept[2]
if whole and not has_ended(kept[3], now) then
  if kept[1] == put.digest then
    take_body()
    -- A life that grows by less than a sixteenth is left alone: each would cost a log entry.
    local before = (tonumber(kept[3]) or 0) - grace
    local grows = before > 0 and (put.ttl == 0 or now + put.ttl - before > put.ttl / 16)
    local lost = kept[4] and kept[4] ~= ''
        and #redis.call('XRANGE', LOG, kept[4], kept[4]) == 0
    local until_ms = grows and expires or kept[3]
    local position = kept[4] or ''
    if grows then
      redis.call('HSET', name, 'expires', until_ms)
      if until_ms == '0' then
        redis.call('ZREM', EXPIRY, put.member)
        redis.call('ZREM', RANK, put.member)
      else
        redis.call('ZADD', EXPIRY, ends, put.member)
      end
      changed(put.member)
    end
    if grows or lost then
      position = announce(until_ms)
      redis.call('HSET', name, 'position', position)
    end
    return answer('SAME', until_ms, position)
  end
  if not put.overwrite then
    return {'CONFLICT'}
  end
end

local replaced_bytes = 0
local replaced_names = 0
if taken and redis.call('HGET', name, 'owner') == put.owner then
  replaced_bytes = tonumber(redis.call('HGET', name, 'bytes')) or 0
  replaced_names = 1
end
local account = account_of(put.owner)
local used = redis.call('HMGET', account, 'bytes', 'names')
local used_bytes = tonumber(used[1] or '0') - replaced_bytes
local used_names = tonumber(used[2] or '0') - replaced_names
if (put.quota_bytes >= 0 and used_bytes + put.bytes > put.quota_bytes)
    or (put.quota_names >= 0 and used_names + 1 > put.quota_names) then
  return {'QUOTA', int(used_bytes), int(used_names)}
end

-- The first command that writes is one that Redis refuses when it is full; after it none is.
redis.call('HSET', STORE, 'full', '0')
-- Other bytes under the same name: what goes with the name stays, it may be the new bytes' already.
if taken then
  remove(put.member, ARGV[5], put.log_length, bodies, true)
end
local generation = put.body
if redis.call('EXISTS', content) == 1 then
  generation = redis.call('HGET', content, 'generation')
  take_body()
  redis.call('HINCRBY', content, 'references', 1)
else
  redis.call('HSET', content, 'generation', generation, 'body', put.body, 'references', '1',
      'footprint', int(put.footprint))
  redis.call('HINCRBY', STORE, 'bytes', int(put.footprint))
end
redis.call('HSET', name, 'digest', put.digest, 'generation', generation, 'meta', ARGV[2],
    'seal', ARGV[3], 'bytes', int(put.bytes), 'expires', expires, 'owner', put.owner,
    'class', put.class, 'weight', put.weight, 'uses', '1', 'with', put.with,
    'announced', ARGV[4] == '' and '0' or '1')
redis.call('HINCRBY', STORE, 'bytes', NAME_BYTES)
redis.call('HINCRBY', STORE, 'names', 1)
redis.call('HINCRBY', account, 'bytes', int(put.bytes))
redis.call('HINCRBY', account, 'names', 1)
if put.ttl > 0 then
  -- GreedyDual-Size-Frequency, as in the memory tier; a child does not rank above its parent.
  local score = tonumber(redis.call('HGET', STORE, 'age') or '0') + put.weight
      + put.class * CLASS_SPAN
  local parent = put.parent ~= '' and redis.call('ZSCORE', RANK, put.parent)
  if parent and tonumber(parent) <= score and math.floor(tonumber(parent) / CLASS_SPAN) == put.class
  then
    score = tonumber(parent) - 1e-6
  end
  redis.call('ZADD', EXPIRY, ends, put.member)
  redis.call('ZADD', RANK, string.format('%.17g', score), put.member)
end
local position = announce(expires)
redis.call('HSET', name, 'position', position)
if taken then
  changed(put.member)
end
return answer('STORED', expires, position)
