-- msgid, SMSC id
local msgid, id = ARGV[1], ARGV[2]
local gone = unmap(msgid, id)
if not is_held(msgid) then return tidy() end
add_octets(msgid, -gone)
local segment = field_of(msgid, id)
if segment and segment.state == '+' then
  redis.call('HSET', 'jc:sent:' .. msgid, segment.field, '.' .. string.sub(segment.text, 2))
end
if gone > 0 and not segment then -- a Jasmin mapped it: its only one
  for _, sibling in ipairs(drop(msgid)) do shorten(sibling) end
end
end_if_done(msgid)
return tidy()
