-- What the scripts of resumable uploads have in common. The layout is drawn in RedisKeys.java.
local UPLOADS = PREFIX .. 'uploads'
-- Answers of uploads that are kept for each tenant, for callers that did not get them.
local KEPT_ANSWERS = 64

local function upload_of(id)
  return PREFIX .. 'upload:' .. id
end

local function parts_of(id)
  return PREFIX .. 'parts:' .. id
end

local function ended_of(tenant)
  return PREFIX .. 'ended:' .. tenant
end

-- Charges a tenant for what its uploads may become.
local function charge(tenant, bytes, names)
  redis.call('HINCRBY', account_of(tenant), 'bytes', int(bytes))
  redis.call('HINCRBY', account_of(tenant), 'names', names)
end

-- Gives back what an open upload holds; the parts that the caller unlinks.
local function free(id)
  local kept = redis.call('HMGET', upload_of(id), 'tenant', 'limit', 'held')
  local parts = redis.call('LRANGE', parts_of(id), 0, -1)
  redis.call('DEL', parts_of(id))
  if redis.call('ZREM', UPLOADS, id) == 1 and kept[1] then
    charge(kept[1], 0 - tonumber(kept[2]), -1)
    redis.call('HINCRBY', account_of(kept[1]), 'uploads', -1)
    redis.call('HINCRBY', STORE, 'bytes', 0 - tonumber(kept[3]))
  end
  return parts
end

-- Ends an open upload with an answer, which is kept for a while; the parts that the caller unlinks.
local function conclude(id, keep_ms, outcome, detail, digest, position)
  local upload = upload_of(id)
  local tenant = redis.call('HGET', upload, 'tenant')
  local parts = free(id)
  redis.call('HDEL', upload, 'key', 'meta', 'digest', 'limit', 'held', 'writer', 'created')
  redis.call('HSET', upload, 'state', 'ended', 'outcome', outcome, 'detail', detail,
      'digest', digest, 'position', position)
  redis.call('PEXPIRE', upload, keep_ms)
  redis.call('LPUSH', ended_of(tenant), id)
  redis.call('PEXPIRE', ended_of(tenant), keep_ms)
  if redis.call('LLEN', ended_of(tenant)) > KEPT_ANSWERS then
    redis.call('DEL', upload_of(redis.call('RPOP', ended_of(tenant))))
  end
  return parts
end
