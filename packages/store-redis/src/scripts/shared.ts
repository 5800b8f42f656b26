/**
 * What every script begins with.
 *
 * Keys of one store, after its prefix (which holds the one hash tag):
 * `t:ID` hash of the head; `e:KIND:ID` hash of the entries of a kind; `o:OWNER` the owner's tasks in order of creation
 * (lexical set); `a:OWNER` and `s:OWNER` active and stored tasks by expiry; `k:OWNER` idempotency keys; `d:HANDLER` due
 * tasks; `x` all tasks by expiry. OWNER is base64url; a kind holds no colon, so no key is ambiguous.
 *
 * Values are opaque: no script decodes one.
 */
export const shared = `
local base = KEYS[1]
local KINDS = {'call','variable','published','checkpoint','question','answer','outcome','result','error'}
local NET_MS = 3600000

local function head_of(id) return redis.call('HGETALL', base .. 't:' .. id) end

local function is_live(id, now)
  local expires = redis.call('HGET', base .. 't:' .. id, 'expiresAtMs')
  return expires and tonumber(expires) > now
end

local function is_active(status) return status == 'working' or status == 'input_required' end

-- Native expiry is a second net, an hour late; an owner's indexes live as long as the owner's last task.
local function net(id, owner, expires)
  local at = string.format('%.0f', expires + NET_MS)
  redis.call('PEXPIREAT', base .. 't:' .. id, at)
  for _, kind in ipairs(KINDS) do redis.call('PEXPIREAT', base .. 'e:' .. kind .. ':' .. id, at) end
  local present = redis.call('TIME')
  local left = expires + NET_MS - (tonumber(present[1]) * 1000 + math.floor(tonumber(present[2]) / 1000))
  for _, index in ipairs({'o:', 'a:', 's:', 'k:'}) do
    local key = base .. index .. owner
    local ttl = redis.call('PTTL', key)
    if ttl ~= -2 and ttl < left then redis.call('PEXPIREAT', key, at) end
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
  local f = redis.call('HMGET', base .. 't:' .. id, '_owner', 'handler', '_place', '_key')
  redis.call('ZREM', base .. 'x', id)
  if not f[1] then return end
  redis.call('ZREM', base .. 'o:' .. f[1], f[3])
  redis.call('ZREM', base .. 'a:' .. f[1], id)
  redis.call('ZREM', base .. 's:' .. f[1], id)
  redis.call('ZREM', base .. 'd:' .. f[2], id)
  if f[4] and redis.call('HGET', base .. 'k:' .. f[1], f[4]) == id then redis.call('HDEL', base .. 'k:' .. f[1], f[4]) end
  redis.call('DEL', base .. 't:' .. id)
  for _, kind in ipairs(KINDS) do redis.call('DEL', base .. 'e:' .. kind .. ':' .. id) end
end

local function hint(id)
  local f = redis.call('HMGET', base .. 't:' .. id, 'version', 'status')
  redis.call('PUBLISH', base .. 'hints', f[1] .. ' ' .. f[2] .. ' ' .. id)
end

-- Reads arguments one after the other; a list comes with its length before it.
local position = 0
local function take() position = position + 1 return ARGV[position] end
local function put_entries(id)
  for _ = 1, tonumber(take()) do
    local kind, name, value = take(), take(), take()
    redis.call('HSET', base .. 'e:' .. kind .. ':' .. id, name, value)
  end
end
`;
