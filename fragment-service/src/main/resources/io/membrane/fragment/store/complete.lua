-- Makes an upload a fragment: a put, for which the upload gives its place in the tenant's quota.
-- ARGV 1 to 17 as put.lua, 18 id, 19 writer, 20 ms to keep the answer
-- Answer as put.lua, and then the upload has ended if the put is done; or {TAKEN}: the writer is
--        another, nothing is changed

-- include shared
-- include uploads
local function put_fragment()
  -- include put
end

local id = ARGV[18]
local kept = redis.call('HMGET', upload_of(id), 'writer', 'tenant', 'limit')
if kept[1] ~= ARGV[19] then
  return {'TAKEN'}
end
local limit = tonumber(kept[3])
charge(kept[2], 0 - limit, -1)
local answer = put_fragment()
charge(kept[2], limit, 1)
if answer[1] == 'STORED' or answer[1] == 'SAME' then
  conclude(id, ARGV[20], answer[1], '', string.sub(ARGV[2], 1, 64), answer[3])
  answer[4] = redis.call('HGET', STORE, 'bytes')
end
return answer
