-- Which names have come, gone or changed since somebody last looked.
-- ARGV 1 id of the last note seen, or '' for none, 2 a name for this life of the store, if it has none
--      yet, 3 ms that notes are taken from now on
-- Answer {life, id of the last note told, 1; then the names: at most 1,000}
--        {life, id, 0}: what has changed since then is not known any more; follow from here
-- The first command that writes is one that Redis does not refuse when it is full; after it none is.

-- include shared

redis.call('PEXPIRE', NOTES, ARGV[3])
local life = life_of(ARGV[2])
if ARGV[1] == '' or #redis.call('XRANGE', NOTES, ARGV[1], ARGV[1]) == 0 then
  local here = redis.call('XADD', NOTES, '*', 'name', '')
  redis.call('PEXPIRE', NOTES, ARGV[3])
  return {life, here, 0}
end
local answer = {life, ARGV[1], 1}
for _, entry in ipairs(redis.call('XRANGE', NOTES, '(' .. ARGV[1], '+', 'COUNT', '1000')) do
  answer[2] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
