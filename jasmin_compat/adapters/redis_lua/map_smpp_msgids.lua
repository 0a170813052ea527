-- msgid, source, then SMSC ids
local msgid, source = ARGV[1], ARGV[2]
if not is_held(msgid) then return tidy() end
local key = 'jc:sent:' .. msgid
local added = redis.call('EXISTS', key) == 1 and 0 or #key

for i = 3, #ARGV do
  local id = ARGV[i]
  local segment = field_of(msgid, id)
  if not segment then -- a Jasmin got the answer
    redis.call('HSET', key, '~' .. id, '+0:' .. id)
    added = added + 4 + 2 * #id
  end
  if not segment or segment.state == '+' then added = added + map(msgid, id, source) end
end

added = added + 2 * redis.call('HSET', key, 'c', '1')
local ttl = redis.call('TTL', 'dlr:' .. msgid)
if redis.call('TTL', key) < ttl then redis.call('EXPIRE', key, ttl) end
add_octets(msgid, added)
end_if_done(msgid)
return tidy()
