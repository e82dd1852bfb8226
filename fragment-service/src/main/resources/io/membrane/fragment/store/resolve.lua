-- What is known of some names.
-- ARGV 1 event 'removed', 2 log length, then members
-- Answer {for each member {digest, meta, seal, bytes, expires, position, body, class, generation}
--        or an empty list}; a name whose content is gone is removed
local now = now_ms()
local answers = {}
for i = 3, #ARGV do
  local kept = redis.call('HMGET', name_of(ARGV[i]),
      'digest', 'meta', 'seal', 'bytes', 'expires', 'position', 'generation', 'class')
  local answer = {}
  if (kept[1] or kept[7]) and not has_ended(kept[5], now) then
    local content = redis.call('HMGET', content_of(kept[1] or ''), 'generation', 'body')
    if not kept[1] or not kept[7] or content[1] == kept[7] then
      answer = {kept[1], kept[2], kept[3], kept[4], kept[5], kept[6], content[2], kept[8],
          kept[7]}
    else
      remove(ARGV[i], ARGV[1], ARGV[2], {})
    end
  end
  answers[#answers + 1] = answer
end
return answers
