-- What has changed since somebody last asked.
-- ARGV 1 id of the last entry seen; '' to hear only where the last is, 2 a name for this life of the
--      store, if it has none yet
-- Answer {life, changes there were ever, bytes in the store, id of the last entry told, then the
--        names that changed: at most 1,000}

-- include shared

local answer = {life_of(ARGV[2]), redis.call('HGET', STORE, 'changes') or '0',
    redis.call('HGET', STORE, 'bytes') or '0', ARGV[1]}
if ARGV[1] == '' then
  local newest = redis.call('XREVRANGE', CHANGES, '+', '-', 'COUNT', '1')
  answer[4] = newest[1] and newest[1][1] or '0-0'
  return answer
end
for _, entry in ipairs(redis.call('XRANGE', CHANGES, '(' .. ARGV[1], '+', 'COUNT', '1000')) do
  answer[4] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
