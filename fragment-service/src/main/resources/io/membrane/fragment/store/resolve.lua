-- What is known of some names.
-- ARGV 1 event 'removed', 2 log length, then members
-- Answer {for each member {record, id of the body or nil} or an empty list}; a name whose content is
--        gone is removed

-- include shared

local now = now_ms()
local answers = {}
for i = 3, #ARGV do
  local record = redis.call('GET', name_of(ARGV[i]))
  local answer = {}
  if record then
    local expires, digest, generation = string.match(record, '^(%S*) %S* (%S*) (%S*) ')
    if not expires then
      answer = {record}
    elseif not has_ended(expires, now) then
      local content = content_at(content_of(digest))
      if digest == '' or generation == '' or content and content.generation == generation then
        answer = {record, content and content.body}
      else
        remove(ARGV[i], ARGV[1], ARGV[2], {})
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
