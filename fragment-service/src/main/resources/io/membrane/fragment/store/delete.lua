-- Removes a name.
-- ARGV 1 member, 2 who asks, or '' for the store itself, 3 event 'removed' or '', 4 log length,
--      5 id of a body that is damaged, or ''
-- Answer {GONE, position of the log entry or '', bytes in the store, bodies to unlink ...}; a name
--        that has another body than the damaged one by now stays
--        {FORBIDDEN, owner}: it is another tenant's, and stays

-- include shared

local kept = name_at(name_of(ARGV[1]))
if ARGV[2] ~= '' and kept and kept.owner and kept.owner ~= ARGV[2] then
  return {'FORBIDDEN', kept.owner}
end
local bodies = {}
if ARGV[5] ~= '' and kept then
  local key = content_of(kept.digest)
  local content = content_at(key)
  if content and content.body == ARGV[5] then
    redis.call('DEL', key)
    redis.call('HINCRBY', STORE, 'bytes', 0 - content.footprint)
    bodies[1] = content.body
  elseif content then
    -- Equal bytes were put meanwhile: what was damaged is whole again.
    return {'GONE', '', redis.call('HGET', STORE, 'bytes') or '0'}
  end
end
if not remove(ARGV[1], ARGV[3], ARGV[4], bodies, false, true) then
  changed(ARGV[1])
end
local position = ARGV[3] ~= '' and tell_removed(ARGV[1], ARGV[3], ARGV[4]) or ''
return {'GONE', position, redis.call('HGET', STORE, 'bytes') or '0', unpack(bodies)}
