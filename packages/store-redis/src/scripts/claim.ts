import { turns } from './turns.ts';

/** Reads what a claim asks for, moves what has become due to its owners, and claims one task. */
const beginning = `
local channel, holder, write_id = take(), take(), take()
local now, lease = take_early(), take_number()
local limit, per_owner, suspects = take_number(), take_number(), take_number()
local takes_lost, after = take() == '1', take()
local groups, suspect_from = {}, {}
for _ = 1, take_number() do
  local group, from = take(), take()
  groups[#groups + 1] = group
  suspect_from[group] = tonumber(from) or math.huge
end
local rooms = {}
for _ = 1, take_number() do
  local owner = take()
  rooms[owner] = take_number()
end
local kinds = take_list()
local ids = take() == '1' and take_list() or nil
local lease_end = whole(now + lease)
local claims_key = base .. 'c:' .. write_id
local records, claimed_ids, last = {}, {}, false

local function answer(id, head) records[#records + 1] = {flat_of(head), entries_of(id, kinds)} end

-- Take a task that cannot be claimed out of the way. One that is damaged is looked at again later.
local function set_aside(id, head, flat, at, owner, group)
  unplace(id, at, owner, group)
  if not head and not flat then return end
  local is_later = not head or is_live(head, now)
  if is_later then redis.call('ZADD', base .. 'u:' .. group, lease_end, id) end
  if head then redis.call('HSET', head_key(id), '_at', is_later and 'u' or '') end
end

-- 'dead' = is gone, expired or damaged; 'left' = must not be claimed now.
local function try(id, head)
  if not head or not is_live(head, now) then return 'dead' end
  local group, version, attempt = group_of(head), tonumber(head.version), tonumber(head.attempt)
  local crashes, updated, due = tonumber(head.crashCount), tonumber(head.lastUpdatedAtMs), tonumber(head.dueAtMs)
  if not (head._owner and group and version and attempt and crashes and updated) then return 'dead' end
  local from = suspect_from[group]
  if not from or not is_active(head.status) or not due or due > now then return 'left' end
  if is_set(head.holder) then
    if not takes_lost then return 'left' end
    if head.holder ~= holder then crashes = crashes + 1 end
  end
  if crashes >= from then
    if suspects <= 0 then return 'left' end
    suspects = suspects - 1
  end
  local was_at = head._at or ''
  head.version, head.writeId, head.attempt = whole(version + 1), write_id, whole(attempt + 1)
  head.crashCount, head.holder, head.dueAtMs = whole(crashes), holder, lease_end
  head.lastUpdatedAtMs, head._at = whole(math.max(updated, now)), 'u'
  redis.call('HSET', head_key(id), 'version', head.version, 'writeId', write_id, 'attempt', head.attempt,
    'crashCount', head.crashCount, 'holder', holder, 'dueAtMs', lease_end,
    'lastUpdatedAtMs', head.lastUpdatedAtMs, '_at', 'u')
  if was_at ~= 'u' then unplace(id, was_at, head._owner, group) end
  redis.call('ZADD', base .. 'u:' .. group, lease_end, id)
  hint(channel, id, head)
  claimed_ids[#claimed_ids + 1] = id
  answer(id, head)
  return 'claimed'
end

local function move_due(group, most)
  local upcoming, places, gone, owners = base .. 'u:' .. group, {}, {}, {}
  local rows = redis.call('ZRANGEBYSCORE', upcoming, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
  for row = 1, #rows, 2 do
    local id, due = rows[row], rows[row + 1]
    local f = redis.pcall('HMGET', head_key(id), '_owner', 'holder', 'expiresAtMs')
    local owner = f[1]
    if f.err or not owner then set_aside(id, nil, is_there(id), 'u', '', group)
    elseif not is_live({expiresAtMs = f[3]}, now) then
      gone[#gone + 1] = id
      redis.call('HSET', head_key(id), '_at', '')
    else
      local at = is_set(f[2] or nil) and 'l' or 'q'
      redis.call('HSET', head_key(id), '_at', at)
      redis.call('ZADD', owned_key(at, owner, group), due, id)
      owners[at .. owner] = true
      gone[#gone + 1] = id
      places[#places + 1] = due
      places[#places + 1] = id
    end
  end
  for name in pairs(owners) do
    redis.call('ZADD', owners_key(string.sub(name, 1, 1), group), 0, sorted_of(string.sub(name, 2)))
  end
  each_part(places, function(...) redis.call('ZADD', base .. 'm:' .. group, ...) end)
  each_part(gone, function(...) redis.call('ZREM', upcoming, ...) end)
end
`;

/** Claims, unless the claim came before, and tells when the next task is due. */
const ending = `
local function next_due()
  local earliest = math.huge
  for _, group in ipairs(groups) do
    for _, index in ipairs({'u:', 'm:'}) do
      local key = base .. index .. group
      for _ = 1, 100 do
        local row = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        if not row[1] or tonumber(row[2]) >= earliest then break end
        local f = redis.pcall('HMGET', head_key(row[1]), 'expiresAtMs', '_owner', '_at')
        local is_alive = f.err or f[1] and is_live({expiresAtMs = f[1]}, now) or not f[1] and is_there(row[1])
        if is_alive then earliest = tonumber(row[2]) break end
        if f[2] then
          unplace(row[1], f[3] or '', f[2], group)
          redis.call('HSET', head_key(row[1]), '_at', '')
        end
        redis.call('ZREM', key, row[1])
      end
    end
  end
  return earliest == math.huge and '' or whole(earliest)
end

local before = redis.call('GET', claims_key)
if before then
  for _, id in ipairs(cjson.decode(before)) do
    local head = read_live(id, now)
    if head and head.writeId == write_id then answer(id, head) end
  end
else
  if ids then
    for _, id in ipairs(ids) do
      if #claimed_ids < limit then try(id, (read(id))) end
    end
  else
    for _, group in ipairs(groups) do move_due(group, math.max(20, math.ceil(1000 / #groups))) end
    take_turns()
  end
  if #claimed_ids > 0 then
    redis.call('SET', claims_key, cjson.encode(claimed_ids), 'PX', math.max(1, math.ceil(lease)))
  end
end
return {records, last, next_due()}
`;

/** Moves what has become due to its owners, and picks from them in turn. */
export const claim = beginning + turns + ending;
