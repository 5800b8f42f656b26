/**
 * The beginning of every script.
 *
 * Keys of one store, after its prefix (which holds the one hash tag): `t:ID` hash of the head; `e:KIND:ID` hash of the
 * entries of a kind; `o:OWNER` the owner's tasks in order of creation (lexical set); `a:OWNER` and `s:OWNER` active and
 * stored tasks by expiry; `k:OWNER:KEY` the task of an idempotency key; `d:HANDLER` due tasks; `x` all tasks by expiry;
 * `schema`. OWNER is base64url and a kind holds no colon, so no key is ambiguous.
 *
 * Values are opaque: no script decodes one. A record that was damaged from outside (a key of another type, a missing
 * field) is returned as it is, for the reader to report. Such damage never makes a script stop half way.
 */
export const shared = `
local base = KEYS[1]
local KINDS = {'call','variable','published','checkpoint','question','answer','outcome','result','error'}
local NET_MS = 86400000

-- Arguments come one after the other; a list comes with its length before it.
local position = 0
local function take() position = position + 1 return ARGV[position] end
local function take_number() return tonumber(take()) end

local function present_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
-- The caller's time, but never ahead of the server's: what is removed or claimed is so for everybody.
local function take_early() return math.min(take_number(), present_ms()) end

local function head_key(id) return base .. 't:' .. id end
local function entries_key(kind, id) return base .. 'e:' .. kind .. ':' .. id end
local function is_there(id) return redis.call('EXISTS', head_key(id)) == 1 end

local function head_of(id)
  local hash = redis.pcall('HGETALL', head_key(id))
  return hash.err and {'taskId', id} or hash
end

-- A task whose expiry cannot be read counts as live: it is shown, and found out.
local function is_live(id, now)
  local expires = redis.pcall('HGET', head_key(id), 'expiresAtMs')
  if type(expires) ~= 'string' then return is_there(id) end
  local at = tonumber(expires)
  return at == nil or at > now
end

local function is_active(status) return status == 'working' or status == 'input_required' end

-- Native expiry is a second net, a day late.
local function net_at(expires) return string.format('%.0f', expires + NET_MS) end

-- What the tasks of an owner share lives as long as the last of them.
local function net_owner(owner, expires)
  local left = expires + NET_MS - present_ms()
  for _, index in ipairs({'o:', 'a:', 's:'}) do
    local key = base .. index .. owner
    local ttl = redis.call('PTTL', key)
    if ttl ~= -2 and ttl < left then redis.call('PEXPIREAT', key, net_at(expires)) end
  end
end

local function index(id, owner, handler, status, due, expires)
  if is_active(status) then redis.call('ZADD', base .. 'a:' .. owner, expires, id)
  else redis.call('ZREM', base .. 'a:' .. owner, id) end
  redis.call('ZADD', base .. 's:' .. owner, expires, id)
  redis.call('ZADD', base .. 'x', expires, id)
  if due and is_active(status) then redis.call('ZADD', base .. 'd:' .. handler, due, id)
  else redis.call('ZREM', base .. 'd:' .. handler, id) end
end

local function remove(id)
  redis.call('ZREM', base .. 'x', id)
  local f = redis.pcall('HMGET', head_key(id), '_owner', 'handler', '_place', '_key')
  local owner, handler, place, key = f[1], f[2], f[3], f[4]
  if owner then
    redis.call('ZREM', base .. 'a:' .. owner, id)
    redis.call('ZREM', base .. 's:' .. owner, id)
    if place then redis.call('ZREM', base .. 'o:' .. owner, place) end
    if handler then redis.call('ZREM', base .. 'd:' .. handler, id) end
    if key and redis.call('GET', base .. 'k:' .. owner .. ':' .. key) == id then
      redis.call('UNLINK', base .. 'k:' .. owner .. ':' .. key)
    end
  end
  local keys = {head_key(id)}
  for _, kind in ipairs(KINDS) do keys[#keys + 1] = entries_key(kind, id) end
  redis.call('UNLINK', unpack(keys))
end

local function take_fields(id)
  local fields = {}
  for _ = 1, 2 * take_number() do fields[#fields + 1] = take() end
  if #fields > 0 then redis.call('HSET', head_key(id), unpack(fields)) end
end

local function take_entries(id, expires)
  local touched = {}
  for _ = 1, take_number() do
    local kind, name, value = take(), take(), take()
    redis.call('HSET', entries_key(kind, id), name, value)
    touched[kind] = true
  end
  for kind in pairs(touched) do redis.call('PEXPIREAT', entries_key(kind, id), net_at(expires)) end
end

-- By pcall: a hint may be lost, and the write before it has happened.
local function hint(channel, id)
  local f = redis.call('HMGET', head_key(id), 'version', 'status')
  redis.pcall('PUBLISH', channel, f[1] .. ' ' .. f[2] .. ' ' .. id)
end
`;
