-- limit; gives the counts, then mark, msgid and dlr:<msgid> of each
local counts, time = tidy(1000, 1000), now() -- what a gateway that was down left behind
local found = { counts }
for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'jc:untold', '-inf', time, 'LIMIT', 0, ARGV[1])) do
  local msgid = string.sub(member, 2)
  local request = redis.call('HGETALL', 'dlr:' .. msgid)
  if #request == 0 then
    redis.call('ZREM', 'jc:untold', member)
  else
    redis.call('ZADD', 'jc:untold', time + LEND_S, member)
    found[#found + 1] = { string.sub(member, 1, 1), msgid, request }
  end
end
return found
