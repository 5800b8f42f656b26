/** Places of a task among those of its owner, and what it adds to the owner's sums. */
export const owned = `
local function by_age(created, id) return string.format('%016.0f', created) .. id end
-- Behind all places by age, which begin with a digit.
local function join_prefix(key) return 'j' .. #key .. ':' .. key .. ':' end
local function is_joinable(head) return is_set(head.joinKey) and is_set(head.joinState) end
local function signed_expiry(head) return is_active(head.status) and head.expiresAtMs or '-' .. head.expiresAtMs end

-- What the tasks of an owner share lives as long as the last of them, and a day longer, so that it is seldom set.
local function keep_owner(owner, untilMs)
  for _, index in ipairs({'o:', 'b:', 'n:'}) do redis.call('PEXPIREAT', base .. index .. owner, untilMs) end
end
local function until_of(expires, known)
  if expires + NET_MS <= (tonumber(known) or 0) then return nil end
  return whole(expires + 2 * NET_MS)
end

-- What is needed to remove a task whose head is gone.
local function whereabouts(place, group, key, join) return cjson.encode({place, group or '', key or '', join or ''}) end

local function remove(owner, id, head)
  redis.call('ZREM', base .. 'expiry', owner .. ':' .. id)
  local numbers = base .. 'n:' .. owner
  local n = redis.call('HMGET', numbers, 'tasks', 'bytes', 'b:' .. id, 'w:' .. id)
  if n[4] then
    local places = cjson.decode(n[4])
    redis.call('ZREM', base .. 'b:' .. owner, id)
    redis.call('ZREM', base .. 'o:' .. owner, places[1], places[4])
    if not head then
      for _, at in ipairs({'u', 'q', 'l'}) do unplace(id, at, owner, places[2]) end
    elseif is_set(head._at) then unplace(id, head._at, owner, places[2]) end
    if places[2] ~= '' then forget_group(places[2]) end
    local key = base .. 'k:' .. owner .. ':' .. places[3]
    if places[3] ~= '' and redis.call('GET', key) == id then redis.call('UNLINK', key) end
    local tasks = tonumber(n[1]) - 1
    if tasks <= 0 then redis.call('UNLINK', numbers)
    else
      redis.call('HSET', numbers, 'tasks', tasks, 'bytes', whole(tonumber(n[2]) - tonumber(n[3])))
      redis.call('HDEL', numbers, 'b:' .. id, 'w:' .. id)
    end
  end
  local keys = {head_key(id)}
  for _, kind in ipairs(KINDS) do keys[#keys + 1] = entries_key(kind, id) end
  redis.call('UNLINK', unpack(keys))
end

-- Remove a task that native expiry removed, as far as it can be known.
local function forget(owner, id, place)
  redis.call('ZREM', base .. 'o:' .. owner, place)
  remove(owner, id)
end

-- The owner's task that expired first, if any has.
local function longest_expired(owner, now)
  local key, found, found_at = base .. 'b:' .. owner, nil, nil
  local active = redis.call('ZRANGEBYSCORE', key, '(0', now, 'WITHSCORES', 'LIMIT', 0, 1)
  local ended = redis.call('ZREVRANGEBYSCORE', key, '(0', -now, 'WITHSCORES', 'LIMIT', 0, 1)
  if not active[1] then return ended[1] end
  if ended[1] and -tonumber(ended[2]) < tonumber(active[2]) then return ended[1] end
  return active[1]
end
`;
