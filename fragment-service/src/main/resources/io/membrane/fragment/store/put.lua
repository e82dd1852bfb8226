-- Gives a body, which the caller has written, a name.
-- ARGV 1 member, 2 digest, 3 bytes, 4 footprint, 5 body (id), 6 written (ms in the id), 7 owner,
--      8 quota_bytes, 9 quota_names (-1: none), 10 ttl (ms, 0: no end), 11 class, 12 weight,
--      13 '1' to overwrite other bytes, 14 parent (member or ''), 15 with (members that go with it),
--      16 window (ms that a body may be old), 17 log length, 18 meta, 19 seal, 20 event 'stored' or
--      '', 21 event 'removed', 22 key of the body if it was sent ahead of this and its answer not
--      waited for, or ''
-- Answer {STORED | SAME, expires, position, bytes in the store, body to unlink or ''}
--        {CONFLICT | STALE | LOST} or {QUOTA, bytes, names of the owner}; then nothing is changed
local put = {member = ARGV[1], digest = ARGV[2], bytes = tonumber(ARGV[3]), body = ARGV[5],
    owner = ARGV[7], ttl = tonumber(ARGV[10]), class = tonumber(ARGV[11]),
    weight = tonumber(ARGV[12]), with = ARGV[15], log_length = ARGV[17]}
local name = name_of(put.member)
local content = content_of(put.digest)
local now = now_ms()
if now - tonumber(ARGV[6]) > tonumber(ARGV[16]) then
  return {'STALE'}
end
if ARGV[22] ~= '' and redis.call('EXISTS', ARGV[22]) == 0 then
  return {'LOST'}
end
-- What takes others with it may be read a little longer than it lives: until trim.lua, which looks
-- every second, removes it and them at once. Else they would outlive it until then.
local grace = put.with ~= '' and 10000 or 0
local ends = int(now + put.ttl)
local expires = put.ttl > 0 and int(now + put.ttl + grace) or '0'
local body_to_drop = ''
local bodies = {}

local function announce(until_ms)
  if ARGV[20] == '' then
    return ''
  end
  local life = until_ms == '0' and '' or ',"expires_at_ms":' .. until_ms
  local entry = string.gsub(ARGV[20], ',"expires_at_ms":888888888888888888', life)
  return redis.call('XADD', LOG, 'MAXLEN', '~', put.log_length, '*', 'entry', entry)
end

local function answer(status, until_ms, position, store_bytes)
  return {status, until_ms, position, store_bytes, body_to_drop, unpack(bodies)}
end

-- The newest body is known to be whole; the one before may have been damaged meanwhile. It is the
-- same one if a client sends a call again whose answer it has lost. It may lie there in another form
-- than the one before, of another length: the answer is how many bytes more that is.
local function take_body()
  local before = redis.call('HMGET', content, 'body', 'footprint')
  if before[1] and before[1] ~= put.body then
    body_to_drop = before[1]
  end
  redis.call('HSET', content, 'body', put.body, 'footprint', ARGV[4])
  return tonumber(ARGV[4]) - (tonumber(before[2]) or 0)
end

local kept = redis.call('HMGET', name, 'digest', 'generation', 'expires', 'position')
local taken = kept[1] or kept[2]
local whole = kept[1] and kept[2] and redis.call('HGET', content_of(kept[1]), 'generation') == kept[2]
if whole and not has_ended(kept[3], now) then
  if kept[1] == put.digest then
    local more = take_body()
    if more ~= 0 then
      redis.call('HINCRBY', STORE, 'bytes', int(more))
    end
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
    return answer('SAME', until_ms, position, redis.call('HGET', STORE, 'bytes'))
  end
  if ARGV[13] ~= '1' then
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
local quota_bytes = tonumber(ARGV[8])
local quota_names = tonumber(ARGV[9])
if (quota_bytes >= 0 and used_bytes + put.bytes > quota_bytes)
    or (quota_names >= 0 and used_names + 1 > quota_names) then
  return {'QUOTA', int(used_bytes), int(used_names)}
end

-- The first command that writes is one that Redis refuses when it is full; after it none is.
-- Other bytes under the same name: what goes with the name stays, it may be the new bytes' already.
if taken then
  redis.call('HSET', STORE, 'full', '0')
  remove(put.member, ARGV[21], put.log_length, bodies, true)
end
local position = announce(expires)
local store = redis.call('HMGET', STORE, 'bytes', 'names', 'age')
local store_bytes = tonumber(store[1] or '0') + NAME_BYTES
local generation = redis.call('HGET', content, 'generation')
if generation then
  store_bytes = store_bytes + take_body()
  redis.call('HINCRBY', content, 'references', 1)
else
  generation = put.body
  redis.call('HSET', content, 'generation', generation, 'body', put.body, 'references', '1',
      'footprint', ARGV[4])
  store_bytes = store_bytes + tonumber(ARGV[4])
end
store_bytes = int(store_bytes)
redis.call('HSET', STORE, 'bytes', store_bytes, 'names', int(tonumber(store[2] or '0') + 1))
redis.call('HSET', name, 'digest', put.digest, 'generation', generation, 'meta', ARGV[18],
    'seal', ARGV[19], 'bytes', ARGV[3], 'expires', expires, 'owner', put.owner, 'class', ARGV[11],
    'weight', ARGV[12], 'uses', '1', 'with', put.with, 'announced', ARGV[20] == '' and '0' or '1',
    'position', position)
if taken then
  -- What was removed may have been charged to the same owner.
  used_bytes = tonumber(redis.call('HGET', account, 'bytes') or '0')
  used_names = tonumber(redis.call('HGET', account, 'names') or '0')
end
redis.call('HSET', account, 'bytes', int(used_bytes + put.bytes), 'names', int(used_names + 1))
if put.ttl > 0 then
  -- GreedyDual-Size-Frequency, as in the memory tier; a child does not rank above its parent.
  local score = tonumber(store[3] or '0') + put.weight + put.class * CLASS_SPAN
  local parent = ARGV[14] ~= '' and redis.call('ZSCORE', RANK, ARGV[14])
  if parent and tonumber(parent) <= score and math.floor(tonumber(parent) / CLASS_SPAN) == put.class
  then
    score = tonumber(parent) - 1e-6
  end
  redis.call('ZADD', EXPIRY, ends, put.member)
  redis.call('ZADD', RANK, string.format('%.17g', score), put.member)
end
if taken then
  changed(put.member)
else
  noted(put.member)
end
return answer('STORED', expires, position, store_bytes)
