import { shared } from './shared.ts';

const create = `
local id, owner, now, max_active, max_stored = take(), take(), tonumber(take()), tonumber(take()), tonumber(take())
local key = take() == '1' and take() or nil
if is_live(id, now) then return {'existing', head_of(id)} end
if key then
  local known = redis.call('HGET', base .. 'k:' .. owner, key)
  if known and is_live(known, now) then return {'existing', head_of(known)} end
end
redis.call('ZREMRANGEBYSCORE', base .. 'a:' .. owner, '-inf', now)
redis.call('ZREMRANGEBYSCORE', base .. 's:' .. owner, '-inf', now)
if redis.call('ZCARD', base .. 'a:' .. owner) >= max_active then return {'over-active'} end
if redis.call('ZCARD', base .. 's:' .. owner) >= max_stored then return {'over-stored'} end
remove(id)
local place = take()
redis.call('HSET', base .. 't:' .. id, '_owner', owner, '_place', place)
if key then
  redis.call('HSET', base .. 't:' .. id, '_key', key)
  redis.call('HSET', base .. 'k:' .. owner, key, id)
end
for _ = 1, tonumber(take()) do redis.call('HSET', base .. 't:' .. id, take(), take()) end
put_entries(id)
local f = redis.call('HMGET', base .. 't:' .. id, 'handler', 'status', 'dueAtMs', 'expiresAtMs')
redis.call('ZADD', base .. 'o:' .. owner, 0, place)
index(id, owner, f[1], f[2], f[3], f[4])
net(id, owner, tonumber(f[4]))
hint(id)
return {'created', head_of(id)}
`;

const update = `
local id, version, now = take(), take(), tonumber(take())
if not is_live(id, now) then return {'not-found'} end
if redis.call('HGET', base .. 't:' .. id, 'version') ~= version then return {'conflict', head_of(id)} end
redis.call('HINCRBY', base .. 't:' .. id, 'version', 1)
for _ = 1, tonumber(take()) do redis.call('HSET', base .. 't:' .. id, take(), take()) end
for _ = 1, tonumber(take()) do redis.call('HDEL', base .. 't:' .. id, take()) end
for _ = 1, tonumber(take()) do
  local kind, name = take(), take()
  redis.call('HDEL', base .. 'e:' .. kind .. ':' .. id, name)
end
put_entries(id)
local f = redis.call('HMGET', base .. 't:' .. id, '_owner', 'handler', 'status', 'dueAtMs', 'expiresAtMs')
index(id, f[1], f[2], f[3], f[4], f[5])
net(id, f[1], tonumber(f[5]))
hint(id)
return {'updated', head_of(id)}
`;

const get = `
local now = tonumber(take())
local kinds = {}
for _ = 1, tonumber(take()) do kinds[#kinds + 1] = take() end
local found = {}
while position < #ARGV do
  local id = take()
  if is_live(id, now) then
    local entries = {}
    for _, kind in ipairs(kinds) do
      local rows = redis.call('HGETALL', base .. 'e:' .. kind .. ':' .. id)
      if #rows > 0 then entries[#entries + 1] = {kind, rows} end
    end
    found[#found + 1] = {head_of(id), entries}
  end
end
return found
`;

const list = `
local owner, now, limit, after = take(), tonumber(take()), tonumber(take()), take()
local heads, from = {}, after == '' and '+' or '(' .. after
repeat
  local wanted = limit - #heads
  local places = redis.call('ZREVRANGEBYLEX', base .. 'o:' .. owner, from, '-', 'LIMIT', 0, wanted)
  for _, place in ipairs(places) do
    local id = string.sub(place, 17)
    if is_live(id, now) then heads[#heads + 1] = head_of(id)
    else redis.call('ZREM', base .. 'o:' .. owner, place) end
    from = '(' .. place
  end
until #heads >= limit or #places < wanted
return heads
`;

const due = `
local now, limit = tonumber(take()), tonumber(take())
local found = {}
while position < #ARGV do
  local key = base .. 'd:' .. take()
  local offset, wanted = 0, limit
  repeat
    local ids = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', offset, wanted)
    local count = #ids
    wanted = 0
    for _, id in ipairs(ids) do
      if is_live(id, now) then
        found[#found + 1] = head_of(id)
        offset = offset + 1
      else
        redis.call('ZREM', key, id)
        wanted = wanted + 1
      end
    end
  until wanted == 0 or count == 0
end
return found
`;

const renew = `
local now, due_at = tonumber(take()), take()
local held = {}
while position < #ARGV do
  local id, attempt, holder = take(), take(), take()
  local f = redis.call('HMGET', base .. 't:' .. id, 'attempt', 'holder', 'status', 'handler')
  if is_live(id, now) and f[1] == attempt and f[2] == holder and is_active(f[3]) then
    redis.call('HSET', base .. 't:' .. id, 'dueAtMs', due_at)
    redis.call('ZADD', base .. 'd:' .. f[4], due_at, id)
    held[#held + 1] = head_of(id)
  end
end
return held
`;

const deleteExpired = `
local ids = redis.call('ZRANGEBYSCORE', base .. 'x', '-inf', take(), 'LIMIT', 0, tonumber(take()))
for _, id in ipairs(ids) do remove(id) end
return #ids
`;

const schema = `
local version, compatible_from = take(), take()
redis.call('HSETNX', base .. 'schema', 'version', version)
redis.call('HSETNX', base .. 'schema', 'compatibleFrom', compatible_from)
local stored = redis.call('HMGET', base .. 'schema', 'version', 'compatibleFrom')
if tonumber(stored[1]) < tonumber(version) and tonumber(stored[1]) >= tonumber(compatible_from) then
  redis.call('HSET', base .. 'schema', 'version', version, 'compatibleFrom', compatible_from)
end
return stored
`;

const sources = { create, update, get, list, due, renew, deleteExpired, schema };

/** Name of a script. */
export type ScriptName = keyof typeof sources;

/** Every script, whole: each is one call, and so one round trip and one atomic step. */
export const scripts = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => [name, shared + source]),
) as Readonly<Record<ScriptName, string>>;
