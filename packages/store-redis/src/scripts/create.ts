/** Adds a task. */
export const create = `
local channel, message, id, owner = take(), take(), take(), take()
local now, max_active, max_tasks, max_bytes = take_early(), take_number(), take_number(), take_number()
local key = take() == '1' and take() or nil
local flat = take_list()
local head = map_of(flat)
local put, bytes, kinds = {}, 0, {}
for _ = 1, take_number() do
  local kind, name, value = take(), take(), take()
  if not put[kind] then put[kind] = {} kinds[#kinds + 1] = kind end
  table.insert(put[kind], name)
  table.insert(put[kind], value)
  bytes = bytes + #name + #value
end

local function live_flat(id)
  local _, known = read_live(id, now)
  return known
end
local is_known = is_there(id)
local known = is_known and live_flat(id)
if known then return {'existing', known} end
local key_name = key and base .. 'k:' .. owner .. ':' .. key
if key then
  local same = redis.call('GET', key_name)
  known = same and live_flat(same)
  if known then return {'existing', known} end
end

local numbers = base .. 'n:' .. owner
if redis.call('ZCOUNT', base .. 'b:' .. owner, '(' .. whole(now), '+inf') >= max_active then return {'over-active'} end
local n
local function limit_reached()
  n = redis.call('HMGET', numbers, 'tasks', 'bytes', 'until')
  if (tonumber(n[1]) or 0) >= max_tasks then return 'over-tasks' end
  if (tonumber(n[2]) or 0) + bytes > max_bytes then return 'over-bytes' end
end
local limit = limit_reached()
if limit then
  for _ = 1, 100 do
    local gone = longest_expired(owner, now)
    if not gone then break end
    remove(owner, gone, (read(gone)))
  end
  limit = limit_reached()
  if limit then return {limit, longest_expired(owner, now) and '1' or '0'} end
end
if is_known then
  -- An expired task has this id.
  local before = read(id)
  if before then remove(before._owner or owner, id, before) end
  limit_reached()
end

local expires = tonumber(head.expiresAtMs)
local group = group_of(head)
local is_due = is_active(head.status) and is_set(head.dueAtMs)
for _, pair in ipairs({
  {'_owner', owner}, {'entryBytes', bytes}, {'_kinds', table.concat(kinds, ',')},
  {'_at', is_due and 'u' or ''}, {'_key', key or ''},
}) do
  flat[#flat + 1] = pair[1]
  flat[#flat + 1] = pair[2]
end
-- The first write takes memory: without any left, the server refuses it, and with it the whole script.
redis.call('HSET', head_key(id), unpack(flat))
redis.call('PEXPIREAT', head_key(id), net_at(expires))
for _, kind in ipairs(kinds) do
  local name = entries_key(kind, id)
  each_part(put[kind], function(...) redis.call('HSET', name, ...) end)
  redis.call('PEXPIREAT', name, net_at(expires))
end
if key then redis.call('SET', key_name, id, 'PXAT', net_at(expires)) end
local place = by_age(tonumber(head.createdAtMs), id)
local join = is_set(head.joinKey) and join_prefix(head.joinKey) .. place or nil
if is_joinable(head) then redis.call('ZADD', base .. 'o:' .. owner, 0, place, 0, join)
else redis.call('ZADD', base .. 'o:' .. owner, 0, place) end
redis.call('ZADD', base .. 'b:' .. owner, signed_expiry(head), id)
local member = owner .. ':' .. id
if is_due then
  redis.call('ZADD', base .. 'expiry', head.expiresAtMs, member, '+inf', group_mark(group))
  redis.call('ZADD', base .. 'u:' .. group, head.dueAtMs, id)
else redis.call('ZADD', base .. 'expiry', head.expiresAtMs, member) end
local until_at = until_of(expires, n[3])
redis.call('HSET', numbers, 'tasks', (tonumber(n[1]) or 0) + 1, 'bytes', whole((tonumber(n[2]) or 0) + bytes),
  'until', until_at or n[3], 'b:' .. id, bytes, 'w:' .. id, whereabouts(place, group, key, join))
if until_at then keep_owner(owner, until_at) end
send_hint(channel, message)
return {'created', bytes}
`;
