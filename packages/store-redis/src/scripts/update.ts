/** Writes a patch. */
export const update = `
local channel, id, version, expected_id, write_id = take(), take(), take(), take(), take()
local now, max_bytes = take_number(), tonumber(take()) or math.huge
local head, flat = read(id)
if not flat then return {'not-found'} end
if not head then return {'conflict', flat} end
if not is_live(head, now) then return {'not-found'} end
if head.writeId == write_id then return {'updated', flat} end
local owner, group = head._owner, group_of(head)
local expired, entry_bytes = tonumber(head.expiresAtMs), tonumber(head.entryBytes)
-- A damaged head is answered too, for the reader to report.
local is_damaged = not (owner and group and expired and entry_bytes and tonumber(head.createdAtMs) and head.status)
if is_damaged or head.version ~= version or head.writeId ~= expected_id then return {'conflict', flat} end

local set, unset = take_list(), take_list()
local kinds = {}
for kind in string.gmatch(head._kinds or '', '[^,]+') do kinds[kind] = true end
local growth, put, deleted = 0, {}, {}
local is_spoilt = false
local function length_of(kind, name)
  if not kinds[kind] then return 0 end
  local length = redis.pcall('HSTRLEN', entries_key(kind, id), name)
  if type(length) ~= 'number' then is_spoilt = true return 0 end
  if length == 0 and redis.call('HEXISTS', entries_key(kind, id), name) == 0 then return 0 end
  return #name + length
end
local function add(lists, kind, ...)
  lists[kind] = lists[kind] or {}
  for _, value in ipairs({...}) do table.insert(lists[kind], value) end
end
for _ = 1, take_number() do
  local kind, name = take(), take()
  growth = growth - length_of(kind, name)
  if kinds[kind] then add(deleted, kind, name) end
end
for _ = 1, take_number() do
  local kind, name, value = take(), take(), take()
  growth = growth + #name + #value - length_of(kind, name)
  add(put, kind, name, value)
end
if is_spoilt then return {'spoilt', flat} end

local next_head = map_of(flat)
for at = 1, #set, 2 do next_head[set[at]] = set[at + 1] end
for _, name in ipairs(unset) do next_head[name] = '' end
local expires = tonumber(next_head.expiresAtMs)
local has_moved = expires ~= expired
local numbers, n = base .. 'n:' .. owner, {}
if growth ~= 0 or has_moved then n = redis.call('HMGET', numbers, 'bytes', 'until') end
if growth > 0 and (tonumber(n[1]) or 0) + growth > max_bytes then return {'over-quota', flat} end

next_head.version, next_head.writeId = whole(tonumber(version) + 1), write_id
next_head.entryBytes = whole(entry_bytes + growth)
for kind in pairs(put) do
  if not kinds[kind] then
    kinds[kind] = true
    next_head._kinds = is_set(next_head._kinds) and next_head._kinds .. ',' .. kind or kind
  end
end
next_head._at = next_place(next_head, head)
local changed = {}
for name, value in pairs(next_head) do
  if value ~= head[name] then changed[#changed + 1] = name changed[#changed + 1] = value end
end
-- The first write takes memory: without any left, the server refuses it, and with it the whole script.
redis.call('HSET', head_key(id), unpack(changed))
move(id, next_head, head, owner, group)
for kind, names in pairs(deleted) do
  each_part(names, function(...) redis.call('HDEL', entries_key(kind, id), ...) end)
end
for kind, pairs_of_kind in pairs(put) do
  each_part(pairs_of_kind, function(...) redis.call('HSET', entries_key(kind, id), ...) end)
end
for kind in pairs(has_moved and kinds or put) do redis.call('PEXPIREAT', entries_key(kind, id), net_at(expires)) end
if has_moved then
  redis.call('PEXPIREAT', head_key(id), net_at(expires))
  local key_name = base .. 'k:' .. owner .. ':' .. (head._key or '')
  if is_set(head._key) and redis.call('GET', key_name) == id then
    redis.call('PEXPIREAT', key_name, net_at(expires))
  end
  redis.call('ZADD', base .. 'expiry', next_head.expiresAtMs, owner .. ':' .. id)
end
if has_moved or is_active(head.status) ~= is_active(next_head.status) then
  redis.call('ZADD', base .. 'b:' .. owner, signed_expiry(next_head), id)
end
if is_joinable(head) ~= is_joinable(next_head) then
  local join = join_prefix(head.joinKey) .. by_age(tonumber(head.createdAtMs), id)
  if is_joinable(next_head) then redis.call('ZADD', base .. 'o:' .. owner, 0, join)
  else redis.call('ZREM', base .. 'o:' .. owner, join) end
end
local until_at = has_moved and until_of(expires, n[2])
if growth ~= 0 then
  local bytes = whole((tonumber(n[1]) or 0) + growth)
  redis.call('HSET', numbers, 'bytes', bytes, 'b:' .. id, next_head.entryBytes, 'until', until_at or n[2] or '0')
elseif until_at then redis.call('HSET', numbers, 'until', until_at) end
if until_at then keep_owner(owner, until_at) end
hint(channel, id, next_head)
return {'updated', flat_of(next_head)}
`;
