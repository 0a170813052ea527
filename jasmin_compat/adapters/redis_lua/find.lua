-- SMSC id, connector; gives msgid, source, whether the lookup is through with the answer, and dlr:
local id, cid = ARGV[1], ARGV[2]

-- msgid, source
local function mapped()
  local also = redis.call('GET', 'jc:also:' .. cid .. ':' .. id)
  local source = also and redis.call('HGET', 'dlr:' .. also, 'sc')
  if source then return also, source end
  local mapping = redis.call('HGETALL', 'queue-msgid:' .. id)
  if #mapping ~= 4 then return nil end -- as Jasmin: exactly its two fields
  local fields = { [mapping[1]] = mapping[2], [mapping[3]] = mapping[4] }
  return fields['msgid'], fields['connector_type']
end

local msgid, source = mapped()
if not msgid or not source then return false end
local request = redis.call('HGETALL', 'dlr:' .. msgid)
if #request == 0 then return false end
local sent = 'jc:sent:' .. msgid
local replied = redis.call('EXISTS', sent) == 0 or redis.call('HEXISTS', sent, 'c') == 1
return { msgid, source, replied and 1 or 0, request }
