-- Makes an upload a fragment: a put, for which the upload gives its place in the tenant's quota.
-- ARGV 1 to 22 as put.lua, 23 id, 24 writer, 25 ms to keep the answer
-- Answer as put.lua, and then the upload has ended if the put is done; or {TAKEN}: the writer is
--        another, nothing is changed
local id = ARGV[23]
local kept = redis.call('HMGET', upload_of(id), 'writer', 'tenant', 'limit')
if kept[1] ~= ARGV[24] then
  return {'TAKEN'}
end
local limit = tonumber(kept[3])
charge(kept[2], 0 - limit, -1)
local answer = put_fragment()
charge(kept[2], limit, 1)
if answer[1] == 'STORED' or answer[1] == 'SAME' then
  conclude(id, ARGV[25], answer[1], '', ARGV[2], answer[3])
  answer[4] = redis.call('HGET', STORE, 'bytes')
end
return answer
