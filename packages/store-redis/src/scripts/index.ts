import { shared } from './shared.ts';

const create = `
local channel, id, owner = take(), take(), take()
local now, max_active, max_stored = take_early(), take_number(), take_number()
local key = take() == '1' and take() or nil
if is_live(id, now) then return {'existing', head_of(id)} end
local key_name = key and base .. 'k:' .. owner .. ':' .. key
if key then
  local known = redis.call('GET', key_name)
  if known and is_live(known, now) then return {'existing', head_of(known)} end
end
local alive = string.format('(%.0f', now)
if redis.call('ZCOUNT', base .. 'a:' .. owner, alive, '+inf') >= max_active then return {'over-active'} end
if redis.call('ZCOUNT', base .. 's:' .. owner, alive, '+inf') >= max_stored then return {'over-stored'} end
if is_there(id) then remove(id) end
local place = take()
-- The first write takes memory: without any left, the server refuses it, and with it the whole script.
redis.call('HSET', head_key(id), '_owner', owner, '_place', place)
take_fields(id)
local f = redis.call('HMGET', head_key(id), 'handler', 'status', 'dueAtMs', 'expiresAtMs')
local expires = tonumber(f[4])
take_entries(id, expires)
redis.call('PEXPIREAT', head_key(id), net_at(expires))
if key then
  redis.call('HSET', head_key(id), '_key', key)
  redis.call('SET', key_name, id)
  redis.call('PEXPIREAT', key_name, net_at(expires))
end
redis.call('ZADD', base .. 'o:' .. owner, 0, place)
index(id, owner, f[1], f[2], f[3], f[4])
-- Of tasks that native expiry removed before a sweep did, these are the only traces.
redis.call('ZREMRANGEBYSCORE', base .. 'a:' .. owner, '-inf', now - NET_MS)
redis.call('ZREMRANGEBYSCORE', base .. 's:' .. owner, '-inf', now - NET_MS)
net_owner(owner, expires)
hint(channel, id)
return {'created', head_of(id)}
`;

const update = `
local channel, id, version, now = take(), take(), take(), take_number()
if not is_live(id, now) then return {'not-found'} end
local was = redis.pcall('HMGET', head_key(id), 'version', '_owner', 'handler', '_key', 'expiresAtMs')
local owner, handler, key, expired = was[2], was[3], was[4], was[5]
-- A damaged head is answered too, for the reader to report.
if was[1] ~= version or not owner or not handler or not tonumber(expired) then return {'conflict', head_of(id)} end
redis.call('HINCRBY', head_key(id), 'version', 1)
take_fields(id)
for _ = 1, take_number() do redis.call('HDEL', head_key(id), take()) end
for _ = 1, take_number() do
  local kind, name = take(), take()
  redis.call('HDEL', entries_key(kind, id), name)
end
local f = redis.call('HMGET', head_key(id), 'status', 'dueAtMs', 'expiresAtMs')
local expires = tonumber(f[3])
take_entries(id, expires)
if f[3] ~= expired then
  redis.call('PEXPIREAT', head_key(id), net_at(expires))
  for _, kind in ipairs(KINDS) do redis.call('PEXPIREAT', entries_key(kind, id), net_at(expires)) end
  local key_name = key and base .. 'k:' .. owner .. ':' .. key
  if key and redis.call('GET', key_name) == id then redis.call('PEXPIREAT', key_name, net_at(expires)) end
end
index(id, owner, handler, f[1], f[2], f[3])
net_owner(owner, expires)
hint(channel, id)
return {'updated', head_of(id)}
`;

const get = `
local now = take_number()
local kinds = {}
for _ = 1, take_number() do kinds[#kinds + 1] = take() end
local found = {}
while position < #ARGV do
  local id = take()
  if is_live(id, now) then
    local entries = {}
    for _, kind in ipairs(kinds) do
      local rows = redis.pcall('HGETALL', entries_key(kind, id))
      if rows.err then entries[#entries + 1] = {kind, false}
      elseif #rows > 0 then entries[#entries + 1] = {kind, rows} end
    end
    found[#found + 1] = {head_of(id), entries}
  end
end
return found
`;

// A task that is expired by this caller's time may be live by another's: only a task that is gone loses its place.
const list = `
local owner, now, limit, after = take(), take_number(), take_number(), take()
local heads, from = {}, after == '' and '+' or '(' .. after
repeat
  local wanted = limit - #heads
  local places = redis.call('ZREVRANGEBYLEX', base .. 'o:' .. owner, from, '-', 'LIMIT', 0, wanted)
  for _, place in ipairs(places) do
    local id = string.sub(place, 17)
    if is_live(id, now) then heads[#heads + 1] = head_of(id)
    elseif not is_there(id) then redis.call('ZREM', base .. 'o:' .. owner, place) end
    from = '(' .. place
  end
until #heads >= limit or #places < wanted
return heads
`;

const due = `
local now, limit = take_early(), take_number()
local found = {}
while position < #ARGV do
  local key = base .. 'd:' .. take()
  local offset, wanted = 0, limit
  repeat
    local rows = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES', 'LIMIT', offset, wanted)
    local is_last = #rows < 2 * wanted
    wanted = 0
    for row = 1, #rows, 2 do
      local id = rows[row]
      if is_live(id, now) then
        found[#found + 1] = {tonumber(rows[row + 1]), id}
        offset = offset + 1
      else
        wanted = wanted + 1
        if is_there(id) then offset = offset + 1 else redis.call('ZREM', key, id) end
      end
    end
  until wanted == 0 or is_last
end
table.sort(found, function(one, other) return one[1] < other[1] end)
local heads = {}
for place = 1, math.min(limit, #found) do heads[place] = head_of(found[place][2]) end
return heads
`;

const renew = `
local now, due_at = take_number(), take()
local held = {}
while position < #ARGV do
  local id, attempt, holder = take(), take(), take()
  local f = redis.pcall('HMGET', head_key(id), 'attempt', 'holder', 'status', 'handler')
  if f[1] == attempt and f[2] == holder and is_active(f[3]) and f[4] and is_live(id, now) then
    redis.call('HSET', head_key(id), 'dueAtMs', due_at)
    redis.call('ZADD', base .. 'd:' .. f[4], due_at, id)
    held[#held + 1] = head_of(id)
  end
end
return held
`;

const deleteExpired = `
local ids = redis.call('ZRANGEBYSCORE', base .. 'x', '-inf', take_early(), 'LIMIT', 0, take_number())
for _, id in ipairs(ids) do remove(id) end
return #ids
`;

// It also finds out, when a store opens, whether its user may publish and whether the server takes writes.
const schema = `
local channel, version, compatible_from = take(), take(), take()
local key = base .. 'schema'
redis.call('PUBLISH', channel, '')
redis.call('PERSIST', key)
local stored = redis.call('HMGET', key, 'version', 'compatibleFrom')
if not stored[1] or (tonumber(stored[1]) or math.huge) < tonumber(version) then
  stored = {version, compatible_from}
  redis.call('HSET', key, 'version', version, 'compatibleFrom', compatible_from)
end
return stored
`;

// The time of the server that holds the store: each node of a cluster has a clock of its own.
const time = `
return redis.call('TIME')
`;

const sources = { create, update, get, list, due, renew, deleteExpired, schema, time };

/** Name of a script. */
export type ScriptName = keyof typeof sources;

/** Every script, whole: each is one call, and so one round trip and one atomic step. */
export const scripts = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => [name, shared + source]),
) as Readonly<Record<ScriptName, string>>;
