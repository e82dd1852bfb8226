-- Removes a name.
-- ARGV 1 member, 2 who asks, or '' for the store itself, 3 event 'removed' or '', 4 log length,
--      5 id of a body that is damaged, or ''
-- Answer {GONE, position of the log entry or '', bytes in the store, bodies to unlink ...}; a name
--        that has another body than the damaged one by now stays
--        {FORBIDDEN, owner}: it is another tenant's, and stays
local name = name_of(ARGV[1])
local kept = redis.call('HMGET', name, 'owner', 'digest')
if ARGV[2] ~= '' and kept[1] and kept[1] ~= ARGV[2] then
  return {'FORBIDDEN', kept[1]}
end
local bodies = {}
if ARGV[5] ~= '' and kept[2] then
  local content = content_of(kept[2])
  local found = redis.call('HMGET', content, 'body', 'footprint')
  if found[1] == ARGV[5] then
    redis.call('DEL', content)
    redis.call('HINCRBY', STORE, 'bytes', 0 - (tonumber(found[2]) or 0))
    bodies[1] = found[1]
  elseif found[1] then
    -- Equal bytes were put meanwhile: what was damaged is whole again.
    return {'GONE', '', redis.call('HGET', STORE, 'bytes') or '0'}
  end
end
redis.call('HDEL', name, 'announced')
if not remove(ARGV[1], ARGV[3], ARGV[4], bodies) then
  redis.call('DEL', name)
  changed(ARGV[1])
end
local position = ''
if ARGV[3] ~= '' then
  local hash, slice = string.match(ARGV[1], '/(%x+)/([^/]+)$')
  local entry = string.gsub(string.gsub(ARGV[3], '@hash@', hash), '@slice@', slice)
  position = redis.call('XADD', LOG, 'MAXLEN', '~', ARGV[4], '*', 'entry', entry)
end
return {'GONE', position, redis.call('HGET', STORE, 'bytes') or '0', unpack(bodies)}
