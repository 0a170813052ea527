-- What all scripts share. In front of it stand the settings, as numbers: MAX_RECORDS, MAX_OCTETS,
-- GRACE_S, SENT_TTL_S, TELLS (0 or 1), TELL_S, LEND_S, MAX_UNTOLD.
--
-- Jasmin's records:  dlr:<msgid>  queue-msgid:<smpp_msgid>  (contract/redis-keys.md §2)
-- Ours beside them:
--   jc:sent:<msgid>   hash, what the SMSC answered: segment index -> state, status, ':', smpp_msgid
--                     (wire/redis_records.py); '~<smpp_msgid>' for an id whose answer a Jasmin got;
--                     't' when it was written, 'c' the lookup is through with the answer, 'e' ended
--   jc:also:<cid>:<smpp_msgid>  string, the msgid whose queue-msgid: another connector's SMSC has
--                     taken over by giving the same id
--   jc:part:<msgid>   string, an SMPP sender's own segment: '<number>/<of> <group>'
--   jc:group:<group>  hash, its siblings: number -> msgid
--   jc:parts:<whole>  hash, segments of a long message from a handset: number -> deliver_sm
--   jc:dlr-index      sorted set of messages with a dlr: record
--   jc:sent-index     sorted set of messages of which only jc:sent: is left
--   jc:untold         sorted set of ended requests whose client is to be told, 'T<msgid>' by time,
--                     'B<msgid>' by budget; the score says until when each is lent
--   jc:octets         sum of all octets in the two indexes
-- A score in an index is the second at which the message's keys are gone, plus its octets / 2^20:
-- both in one number (52 bits, exact), since a second index would cost 100 octets a message.

local SCALE = 1048576

local function now()
  return tonumber(redis.call('TIME')[1])
end

-- ---------------------------------------------------------------- indexes

-- When the message ends (nil if it is not there), and its octets.
local function held(index, msgid)
  local score = tonumber(redis.call('ZSCORE', index, msgid) or nil)
  if not score then return nil, 0 end
  local ends_at = math.floor(score)
  return ends_at, (score - ends_at) * SCALE
end

local function hold(index, msgid, ends_at, octets)
  local _, before = held(index, msgid)
  octets = math.min(octets, SCALE - 1)
  redis.call('ZADD', index, string.format('%.17g', ends_at + octets / SCALE), msgid)
  redis.call('INCRBY', 'jc:octets', octets - before)
end

local function release(index, msgid)
  local ends_at, octets = held(index, msgid)
  if ends_at then
    redis.call('ZREM', index, msgid)
    redis.call('DECRBY', 'jc:octets', octets)
  end
end

local function hash_octets(key)
  local octets = 0
  for _, text in ipairs(redis.call('HGETALL', key)) do octets = octets + #text end
  return octets > 0 and octets + #key or 0
end

-- Index a request that is not: a Jasmin wrote it. False when there is none, or it has ended.
local function is_held(msgid)
  if held('jc:dlr-index', msgid) then return true end
  if held('jc:untold', 'T' .. msgid) or held('jc:untold', 'B' .. msgid) then return false end
  local key = 'dlr:' .. msgid
  local octets = hash_octets(key)
  if octets == 0 then return false end
  local ttl = redis.call('TTL', key)
  if ttl < 0 then -- Jasmin went down between its HMSET and its EXPIRE
    ttl = tonumber(redis.call('HGET', key, 'expiry') or nil) or 86400
  end
  redis.call('EXPIRE', key, ttl + TELLS * TELL_S)
  local _, sent = held('jc:sent-index', msgid)
  release('jc:sent-index', msgid)
  hold('jc:dlr-index', msgid, now() + ttl + 1, octets + sent)
  return true
end

local function add_octets(msgid, more)
  local ends_at, octets = held('jc:dlr-index', msgid)
  if ends_at then hold('jc:dlr-index', msgid, ends_at, octets + more) end
end

-- ---------------------------------------------------------------- segments and their mappings

-- Of a segment's text: '+' its receipt is awaited, '.' came, '?' cannot come, '-' not asked for;
-- and its SMSC id, if it has one.
local function state_and_id(text)
  return string.sub(text, 1, 1), string.match(text, '^.%d+:(.*)$')
end

-- field, state, id of each segment
local function segments(msgid)
  local flat, found = redis.call('HGETALL', 'jc:sent:' .. msgid), {}
  for i = 1, #flat, 2 do
    if string.find(flat[i], '^[%d~]') then
      local state, id = state_and_id(flat[i + 1])
      found[#found + 1] = { field = flat[i], text = flat[i + 1], state = state, id = id }
    end
  end
  return found
end

local function field_of(msgid, id)
  for _, segment in ipairs(segments(msgid)) do
    if segment.id == id then return segment end
  end
end

local MAPPING = #'queue-msgid:' + #'msgid' + #'connector_type'

-- False for a sender by SMPP: its request does not say.
local function connector_of(msgid)
  return redis.call('HGET', 'dlr:' .. msgid, 'connector')
end

local function also_key(msgid, id)
  local cid = connector_of(msgid)
  return cid and 'jc:also:' .. cid .. ':' .. id
end

-- An id is about to be another message's. If that went another way, both SMSCs count alike.
local function set_aside(msgid, id, newer)
  add_octets(msgid, -hash_octets('queue-msgid:' .. id))
  local key = also_key(msgid, id)
  local ttl = redis.call('PTTL', 'dlr:' .. msgid)
  if not key or ttl <= 0 or connector_of(msgid) == connector_of(newer) then return end
  redis.call('SET', key, msgid, 'PX', ttl)
  add_octets(msgid, #key + #msgid)
end

-- Octets added.
local function map(msgid, id, source)
  local key = 'queue-msgid:' .. id
  local owner = redis.call('HGET', key, 'msgid')
  if owner and owner ~= msgid then set_aside(owner, id, msgid) end
  redis.call('HSET', key, 'msgid', msgid, 'connector_type', source)
  local ttl = redis.call('PTTL', 'dlr:' .. msgid)
  if ttl > 0 then redis.call('PEXPIRE', key, ttl) end
  return owner == msgid and 0 or MAPPING + #id + #msgid + #source
end

-- The keys that lead from an id to this message, and their octets.
local function mappings_of(msgid, id)
  local keys, octets = {}, 0
  local key, also = 'queue-msgid:' .. id, also_key(msgid, id)
  if redis.call('HGET', key, 'msgid') == msgid then
    keys[1], octets = key, hash_octets(key)
  end
  if also and redis.call('GET', also) == msgid then
    keys[#keys + 1], octets = also, octets + #also + #msgid
  end
  return keys, octets
end

-- Octets gone.
local function unmap(msgid, id)
  local keys, octets = mappings_of(msgid, id)
  if keys[1] then redis.call('DEL', unpack(keys)) end
  return octets
end

-- ---------------------------------------------------------------- groups

local function read_part(msgid)
  local part = redis.call('GET', 'jc:part:' .. msgid)
  if not part then return nil end
  local number, of, group = string.match(part, '^(%d+)/(%d+) (.*)$')
  return number, of, 'jc:group:' .. group
end

-- Octets added.
local function join_group(msgid, number, of, group, ttl_s)
  local key, part = 'jc:group:' .. group, number .. '/' .. of .. ' ' .. group
  if redis.call('HEXISTS', key, number) == 1 then
    if redis.call('HGET', key, number) == msgid then return 0 end
    redis.call('DEL', key) -- the sender uses its reference again
  end
  redis.call('HSET', key, number, msgid)
  if redis.call('TTL', key) < ttl_s then redis.call('EXPIRE', key, ttl_s) end
  redis.call('SET', 'jc:part:' .. msgid, part, 'EX', ttl_s)
  return #'jc:part:' + #msgid + #part + #number + #msgid
end

-- The siblings, if this was the last segment of a group that is still the same.
local function leave_group(msgid)
  local number, of, key = read_part(msgid)
  if not number then return {} end
  redis.call('DEL', 'jc:part:' .. msgid)
  if redis.call('HGET', key, number) ~= msgid then return {} end
  redis.call('HDEL', key, number)
  return number == of and redis.call('HVALS', key) or {}
end

-- ---------------------------------------------------------------- the end of a message

-- Remove all of a request, and give its group's siblings. What was sent stays known for its time,
-- unless `and_sent`; dlr: stays if `but_request`.
local function drop(msgid, and_sent, but_request)
  local key = 'jc:sent:' .. msgid
  for _, segment in ipairs(segments(msgid)) do
    if segment.state == '+' then unmap(msgid, segment.id) end
  end
  local siblings = leave_group(msgid)
  if not but_request then redis.call('DEL', 'dlr:' .. msgid) end
  release('jc:dlr-index', msgid)
  local left = (tonumber(redis.call('HGET', key, 't') or nil) or 0) + SENT_TTL_S - now()
  if and_sent or left <= 0 then
    redis.call('DEL', key)
    release('jc:sent-index', msgid)
  else
    redis.call('EXPIRE', key, left)
    hold('jc:sent-index', msgid, now() + left + 1, hash_octets(key))
  end
  return siblings
end

-- The client was told by the last segment: what is still awaited lives on for its grace.
local function shorten(msgid)
  if not is_held(msgid) then return end
  if GRACE_S <= 0 then
    drop(msgid)
    return
  end
  local ends_at, octets = held('jc:dlr-index', msgid)
  local keys = { 'dlr:' .. msgid, 'jc:part:' .. msgid }
  for _, segment in ipairs(segments(msgid)) do
    if segment.state == '+' then
      for _, key in ipairs(mappings_of(msgid, segment.id)) do keys[#keys + 1] = key end
    end
  end
  for _, key in ipairs(keys) do
    if redis.call('TTL', key) > GRACE_S then redis.call('EXPIRE', key, GRACE_S) end
  end
  local sent = 'jc:sent:' .. msgid
  if redis.call('EXISTS', sent) == 0 then octets = octets + #sent end
  if redis.call('HSET', sent, 'e', '1') == 1 then octets = octets + 2 end
  if redis.call('TTL', sent) < 0 then redis.call('EXPIRE', sent, GRACE_S) end
  hold('jc:dlr-index', msgid, math.min(ends_at, now() + GRACE_S + 1), octets)
end

-- Only when the lookup is through with the answer: before that more segments may be recorded, and
-- level 1 may be still to be told.
local function end_if_done(msgid)
  if redis.call('HEXISTS', 'jc:sent:' .. msgid, 'c') == 0 then return end
  local awaited, done = -1, -1
  for _, segment in ipairs(segments(msgid)) do
    local index = tonumber(segment.field) or 0
    if segment.state == '+' then awaited = math.max(awaited, index) end
    if segment.state == '.' then done = math.max(done, index) end
  end
  if done < 0 then return end
  if awaited < 0 then
    for _, sibling in ipairs(drop(msgid)) do shorten(sibling) end
  elseif done > awaited and redis.call('HEXISTS', 'jc:sent:' .. msgid, 'e') == 0 then
    shorten(msgid)
  end
end

-- ---------------------------------------------------------------- bounds

local function to_be_told(msgid, mark)
  local ttl = redis.call('TTL', 'dlr:' .. msgid)
  if TELLS == 0 or ttl < 0 then return end -- nobody was here to tell in time
  redis.call('ZADD', 'jc:untold', now(), mark .. msgid)
  if ttl > TELL_S then redis.call('EXPIRE', 'dlr:' .. msgid, TELL_S) end
  local excess = redis.call('ZCARD', 'jc:untold') - MAX_UNTOLD
  if excess <= 0 then return end -- else ZRANGE would count from the end
  for _, member in ipairs(redis.call('ZRANGE', 'jc:untold', 0, excess - 1)) do
    redis.call('ZREM', 'jc:untold', member)
    redis.call('DEL', 'dlr:' .. string.sub(member, 2))
  end
end

-- True if a request ended that nobody was told of.
local function end_request(msgid, mark)
  local is_told = redis.call('HEXISTS', 'jc:sent:' .. msgid, 'e') == 1
  drop(msgid, mark == 'B', TELLS == 1 and not is_told)
  if not is_told then to_be_told(msgid, mark) end
  return not is_told
end

local function first(index)
  local member = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  return member[1], tonumber(member[2]) or math.huge
end

local function evict_next()
  local asked, asked_end = first('jc:dlr-index')
  local sent, sent_end = first('jc:sent-index')
  if sent_end < asked_end then
    redis.call('DEL', 'jc:sent:' .. sent)
    release('jc:sent-index', sent)
    return false
  end
  return asked and end_request(asked, 'B')
end

local function sizes()
  local records = redis.call('ZCARD', 'jc:dlr-index') + redis.call('ZCARD', 'jc:sent-index')
  return records, tonumber(redis.call('GET', 'jc:octets') or 0)
end

-- What has ended goes; then, while the budget is exceeded, what ends next. A call does a bounded
-- share of it, and more than it adds. Gives records, octets, and how many requests were pushed out
-- and ran out.
local function tidy(most, most_ended)
  local evicted, expired, time = 0, 0, now()
  most_ended = most_ended or 20
  for _, msgid in ipairs(redis.call('ZRANGEBYSCORE', 'jc:dlr-index', '-inf', time, 'LIMIT', 0, most_ended)) do
    if end_request(msgid, 'T') then expired = expired + 1 end
  end
  for _, msgid in ipairs(redis.call('ZRANGEBYSCORE', 'jc:sent-index', '-inf', time, 'LIMIT', 0, most_ended)) do
    release('jc:sent-index', msgid)
  end
  local records, octets = sizes()
  for _ = 1, most or 100 do
    if records <= MAX_RECORDS and octets <= MAX_OCTETS then break end
    if evict_next() then evicted = evicted + 1 end
    records, octets = sizes()
  end
  return { records, octets, evicted, expired }
end
