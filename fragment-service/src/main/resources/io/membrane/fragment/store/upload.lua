-- What becomes of an upload before it is a fragment. ARGV 1 says which step, the rest is the step's.

-- include shared
-- include uploads

local steps = {}

-- ARGV 2 id, 3 JSON: tenant, key, meta, digest (or ''), length ('' if not known), limit (most bytes
--      it may become), held (bytes that the record takes), quota_bytes, quota_names (-1: none),
--      most_open, idle, life (ms), writer
-- Answer {OPEN} | {QUOTA, bytes, names of the tenant} | {MANY}; but for OPEN nothing is changed
function steps.begin()
  local id = ARGV[2]
  local new = cjson.decode(ARGV[3])
  local used = redis.call('HMGET', account_of(new.tenant), 'bytes', 'names', 'uploads')
  local bytes = tonumber(used[1] or '0')
  local names = tonumber(used[2] or '0')
  if tonumber(used[3] or '0') >= new.most_open then
    return {'MANY'}
  end
  if (new.quota_bytes >= 0 and bytes + new.limit > new.quota_bytes)
      or (new.quota_names >= 0 and names + 1 > new.quota_names) then
    return {'QUOTA', int(bytes), int(names)}
  end
  local now = now_ms()
  redis.call('HSET', upload_of(id), 'state', 'open', 'tenant', new.tenant, 'key', new.key,
      'meta', new.meta, 'digest', new.digest, 'length', new.length, 'limit', int(new.limit),
      'offset', '0', 'held', int(new.held), 'created', int(now), 'writer', new.writer)
  redis.call('ZADD', UPLOADS, int(now + math.min(new.idle, new.life)), id)
  charge(new.tenant, new.limit, 1)
  redis.call('HINCRBY', account_of(new.tenant), 'uploads', 1)
  redis.call('HINCRBY', STORE, 'bytes', int(new.held))
  return {'OPEN'}
end

-- Ends whoever writes and, if it names itself, makes the caller the writer.
-- ARGV 2 id, 3 tenant, 4 writer or '', 5 offset or '', 6 length or ''
-- Answer {OPEN, offset, length, ms left, limit, key, meta, digest}
--        {ENDED, offset, length, ms left, outcome, detail, digest, position}
--        {OFFSET | LENGTH, offset, length, ms left}: not the upload's; or {NONE}
function steps.hold()
  local id = ARGV[2]
  local upload = upload_of(id)
  local kept = redis.call('HMGET', upload, 'tenant', 'state', 'offset', 'length', 'limit',
      'key', 'meta', 'digest', 'outcome', 'detail', 'position')
  if kept[1] ~= ARGV[3] then
    return {'NONE'}
  end
  if kept[2] == 'ended' then
    return {'ENDED', kept[3], kept[4], int(redis.call('PTTL', upload)), kept[9], kept[10], kept[8],
        kept[11]}
  end
  local left = tonumber(redis.call('ZSCORE', UPLOADS, id) or '0') - now_ms()
  if left <= 0 then
    return {'NONE'}
  end
  if ARGV[4] == '' then
    redis.call('HDEL', upload, 'writer')
  else
    redis.call('HSET', upload, 'writer', ARGV[4])
  end
  if ARGV[5] ~= '' and ARGV[5] ~= kept[3] then
    return {'OFFSET', kept[3], kept[4], int(left)}
  end
  if ARGV[6] ~= '' and ARGV[6] ~= kept[4] then
    local length = tonumber(ARGV[6])
    if kept[4] ~= '' or length < tonumber(kept[3]) or length > tonumber(kept[5]) then
      return {'LENGTH', kept[3], kept[4], int(left)}
    end
    redis.call('HSET', upload, 'length', ARGV[6], 'limit', ARGV[6])
    charge(kept[1], length - tonumber(kept[5]), 0)
    kept[4] = ARGV[6]
    kept[5] = ARGV[6]
  end
  return {'OPEN', kept[3], kept[4], int(left), kept[5], kept[6], kept[7], kept[8]}
end

-- Takes in a part that lies in Redis already.
-- ARGV 2 id, 3 writer, 4 offset of the part, 5 bytes, 6 bytes it takes in Redis, 7 the part as
--      UploadPart writes it, 8 most parts, 9 idle, 10 life (ms)
-- Answer {OPEN, bytes in the store} | {TAKEN}: the writer is another | {MANY}: parts
function steps.append()
  local id = ARGV[2]
  local upload = upload_of(id)
  local kept = redis.call('HMGET', upload, 'writer', 'offset', 'created')
  if kept[1] ~= ARGV[3] or kept[2] ~= ARGV[4] then
    return {'TAKEN'}
  end
  if redis.call('LLEN', parts_of(id)) >= tonumber(ARGV[8]) then
    return {'MANY'}
  end
  redis.call('RPUSH', parts_of(id), ARGV[7])
  redis.call('HINCRBY', upload, 'offset', ARGV[5])
  redis.call('HINCRBY', upload, 'held', ARGV[6])
  local ends = math.min(now_ms() + tonumber(ARGV[9]), tonumber(kept[3]) + tonumber(ARGV[10]))
  redis.call('ZADD', UPLOADS, int(ends), id)
  return {'OPEN', int(redis.call('HINCRBY', STORE, 'bytes', ARGV[6]))}
end

-- Answer the upload's parts, in order
-- ARGV 2 id
function steps.parts()
  return redis.call('LRANGE', parts_of(ARGV[2]), 0, -1)
end

-- Ends an upload without a fragment.
-- ARGV 2 id, 3 tenant, 4 error code or '': nothing is kept of it, 5 detail, 6 ms to keep the answer,
--      7 writer, or '' for whoever it is
-- Answer {ENDED, parts to unlink ...}, {NONE} or {TAKEN}: the writer is another
function steps.stop()
  local id = ARGV[2]
  local kept = redis.call('HMGET', upload_of(id), 'tenant', 'state', 'writer')
  if kept[1] ~= ARGV[3] then
    return {'NONE'}
  end
  if ARGV[7] ~= '' and kept[3] ~= ARGV[7] then
    return {'TAKEN'}
  end
  local parts = {}
  if kept[2] == 'open' and ARGV[4] ~= '' then
    parts = conclude(id, ARGV[6], ARGV[4], ARGV[5], '', '')
  elseif ARGV[4] == '' then
    parts = free(id)
    redis.call('DEL', upload_of(id))
    redis.call('LREM', ended_of(kept[1]), 0, id)
  end
  return {'ENDED', unpack(parts)}
end

-- Ends one upload whose time is over.
-- Answer {id, parts to unlink ...}, or an empty list if there is none
function steps.expire()
  local ended = redis.call('ZRANGEBYSCORE', UPLOADS, '-inf', int(now_ms()), 'LIMIT', '0', '1')
  if #ended == 0 then
    return {}
  end
  local parts = free(ended[1])
  redis.call('DEL', upload_of(ended[1]))
  return {ended[1], unpack(parts)}
end

-- ARGV 2 id
-- Answer {1 if it is open, else 0}
function steps.open()
  return {redis.call('ZSCORE', UPLOADS, ARGV[2]) and 1 or 0}
end

return steps[ARGV[1]]()
