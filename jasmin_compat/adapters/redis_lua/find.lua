-- SMSC id; gives msgid, source, whether the lookup is through with the answer, and dlr:<msgid>
local mapping = redis.call('HGETALL', 'queue-msgid:' .. ARGV[1])
if #mapping ~= 4 then return false end
local fields = { [mapping[1]] = mapping[2], [mapping[3]] = mapping[4] }
local msgid, source = fields['msgid'], fields['connector_type']
if not msgid or not source then return false end
local request = redis.call('HGETALL', 'dlr:' .. msgid)
if #request == 0 then return false end
local sent = 'jc:sent:' .. msgid
local replied = redis.call('EXISTS', sent) == 0 or redis.call('HEXISTS', sent, 'c') == 1
return { msgid, source, replied and 1 or 0, request }
