-- keys of a scan: index the requests a Jasmin wrote, note their mappings; a mapping whose request
-- is gone is of no use to anybody and goes
for _, key in ipairs(ARGV) do
  local msgid = string.match(key, '^dlr:(.*)$')
  local id = string.match(key, '^queue%-msgid:(.*)$')
  if redis.call('TYPE', key).ok ~= 'hash' then
    msgid, id = nil, nil
  end
  if msgid then is_held(msgid) end
  if id then
    msgid = redis.call('HGET', key, 'msgid')
    if not msgid or not is_held(msgid) then
      redis.call('DEL', key)
    elseif not field_of(msgid, id) then
      local sent = 'jc:sent:' .. msgid
      local added = hash_octets(key) + 4 + 2 * #id
      if redis.call('EXISTS', sent) == 0 then added = added + #sent end
      redis.call('HSET', sent, '~' .. id, '+0:' .. id)
      added = added + 2 * redis.call('HSET', sent, 'c', '1')
      local ttl = redis.call('TTL', 'dlr:' .. msgid)
      if redis.call('TTL', sent) < ttl then redis.call('EXPIRE', sent, ttl) end
      add_octets(msgid, added)
    end
  end
end
return tidy(2 * #ARGV) -- a lower limit than before is reached, too, when the scan is through
