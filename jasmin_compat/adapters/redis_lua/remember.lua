-- msgid, expiry in seconds, group or '', number, of, then the fields of dlr:<msgid>
local msgid, expiry_s, group = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local key = 'dlr:' .. msgid
local octets = #key
for i = 6, #ARGV do octets = octets + #ARGV[i] end
redis.call('HSET', key, unpack(ARGV, 6))
redis.call('EXPIRE', key, expiry_s + TELLS * TELL_S)
if held('jc:dlr-index', msgid) then return tidy() end
if group ~= '' then octets = octets + join_group(msgid, ARGV[4], ARGV[5], group, expiry_s) end
local _, sent = held('jc:sent-index', msgid)
release('jc:sent-index', msgid)
hold('jc:dlr-index', msgid, now() + expiry_s + 1, octets + sent)
return tidy()
