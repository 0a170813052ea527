-- msgid
local msgid = ARGV[1]
redis.call('ZREM', 'jc:untold', 'T' .. msgid, 'B' .. msgid)
drop(msgid)
return tidy()
