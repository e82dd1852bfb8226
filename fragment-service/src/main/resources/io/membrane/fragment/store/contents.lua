-- The fields of a content; nil if it is not there or cannot be read.
local function content_at(key)
  local record = redis.call('GET', key)
  if not record then
    return nil
  end
  local references, footprint, generation, body =
      string.match(record, '^(%d+) (%d+) (%S+) (%S+)$')
  return body and {references = tonumber(references), footprint = tonumber(footprint),
      generation = generation, body = body}
end

local function keep_content(key, references, footprint, generation, body)
  redis.call('SET', key, references .. ' ' .. footprint .. ' ' .. generation .. ' ' .. body)
end
