-- msgid, then segment index and text of each answer
local msgid = ARGV[1]
local key, added, time = 'jc:sent:' .. msgid, 0, now()
local source, level = unpack(redis.call('HMGET', 'dlr:' .. msgid, 'sc', 'level'))
local is_asked = source and is_held(msgid)
local wants_receipts = is_asked and level ~= '1'

for i = 2, #ARGV, 2 do
  local field, text = ARGV[i], ARGV[i + 1]
  local before = redis.call('HGET', key, field) or ''
  local state, id = state_and_id(text)
  local told = id and redis.call('HGET', key, '~' .. id)
  if told then -- the lookup was told first, by us or a Jasmin: it is the same answer
    redis.call('HDEL', key, '~' .. id)
    added = added - 1 - #id - #told
    if state == '+' and state_and_id(told) == '.' then
      state, text = '.', '.' .. string.sub(text, 2)
    end
  end
  local state_before, id_before = state_and_id(before)
  if before == '' or not id or id ~= id_before then -- else its receipt may have come since
    if state_before == '+' then added = added - unmap(msgid, id_before) end
    added = added + redis.call('HSET', key, field, text) * #field + #text - #before
    if state == '+' and wants_receipts then added = added + map(msgid, id, source) end
  end
end

if redis.call('HSETNX', key, 't', time) == 1 then added = added + #key + 11 end
local ttl = SENT_TTL_S
if wants_receipts then ttl = math.max(ttl, redis.call('TTL', 'dlr:' .. msgid)) end
redis.call('EXPIRE', key, ttl)
if is_asked then
  add_octets(msgid, added)
else
  local _, octets = held('jc:sent-index', msgid)
  hold('jc:sent-index', msgid, time + SENT_TTL_S + 1, octets + added)
end
return tidy()
