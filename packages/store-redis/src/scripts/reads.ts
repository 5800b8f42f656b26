/** Scripts that write nothing, except that they remove what native expiry left of tasks. */
export const get = `
local now = take_number()
local owner = take() == '1' and take() or nil
local kinds = take_list()
local found = {}
while position < #ARGV do
  local id = take()
  -- A task of another owner is looked for exactly as one that is missing.
  if not owner or redis.call('HEXISTS', base .. 'n:' .. owner, 'w:' .. id) == 1 then
    local _, flat = read_live(id, now)
    if flat then found[#found + 1] = {flat, entries_of(id, kinds)} end
  end
end
return found
`;

export const findJoinable = `
local owner, key, now, limit = take(), take(), take_number(), take_number()
local heads, prefix = {}, join_prefix(key)
local from = '(' .. string.sub(prefix, 1, -2) .. ';'
repeat
  local wanted = limit - #heads
  local places = redis.call('ZREVRANGEBYLEX', base .. 'o:' .. owner, from, '[' .. prefix, 'LIMIT', 0, wanted)
  for _, place in ipairs(places) do
    local id = string.sub(place, #prefix + 17)
    local _, flat = read_live(id, now)
    if flat then heads[#heads + 1] = flat
    elseif not is_there(id) then forget(owner, id, place) end
    from = '(' .. place
  end
until #heads >= limit or #places < wanted
return heads
`;

// A task that is expired by this caller's time may be live by another's: only a task that is gone is removed.
export const list = `
local owner, now, limit, after = take(), take_number(), take_number(), take()
local heads, from = {}, after == '' and '(:' or '(' .. after
repeat
  local wanted = limit - #heads
  local places = redis.call('ZREVRANGEBYLEX', base .. 'o:' .. owner, from, '-', 'LIMIT', 0, wanted)
  for _, place in ipairs(places) do
    local id = string.sub(place, 17)
    local _, flat = read_live(id, now)
    if flat then heads[#heads + 1] = flat
    elseif not is_there(id) then forget(owner, id, place) end
    from = '(' .. place
  end
until #heads >= limit or #places < wanted
return heads
`;

const dueBeginning = `
local now, limit, has_after = take_early(), take_number(), take() == '1'
local after_due, after_id = take_number(), take()

-- The rank of the first task behind a place; tasks of one time are in the order of their ids.
local function rank_behind(key)
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. whole(after_due))
  local high = redis.call('ZCOUNT', key, '-inf', whole(after_due))
  while low < high do
    local middle = math.floor((low + high) / 2)
    local id = redis.call('ZRANGE', key, middle, middle)[1]
    if precedes(after_id, id) then high = middle else low = middle + 1 end
  end
  return low
end

local streams = {}
local function add_group(group)
  for _, index in ipairs({'u:', 'm:'}) do
    local key = base .. index .. group
    streams[#streams + 1] = {key = key, rank = has_after and rank_behind(key) or 0, rows = {}, row = 1}
  end
end
`;

const dueEnding = `
local function fill(stream)
  if stream.is_over or stream.rows[stream.row] then return end
  stream.rows = redis.call('ZRANGE', stream.key, stream.rank, stream.rank + limit - 1, 'WITHSCORES')
  stream.rank, stream.row, stream.is_over = stream.rank + limit, 1, #stream.rows == 0
end
local heads = {}
while #heads < limit do
  local best, best_id, best_due
  for _, stream in ipairs(streams) do
    fill(stream)
    local id, at = stream.rows[stream.row], tonumber(stream.rows[stream.row + 1])
    if id and at <= now and (not best or at < best_due or (at == best_due and precedes(id, best_id))) then
      best, best_id, best_due = stream, id, at
    end
  end
  if not best then break end
  best.row = best.row + 2
  local _, flat = read_live(best_id, now)
  if flat then heads[#heads + 1] = flat end
end
return heads
`;

export const due = `${dueBeginning}
while position < #ARGV do add_group(take()) end
${dueEnding}`;

export const dueOthers = `${dueBeginning}
local is_known, is_wanted = {}, {}
for _, handler in ipairs(take_list()) do is_known[handler] = true end
while position < #ARGV do is_wanted[take()] = true end
for _, mark in ipairs(redis.call('ZRANGEBYSCORE', base .. 'expiry', '+inf', '+inf')) do
  local group = string.sub(mark, 2)
  local queue, handler = parts_of(group)
  if is_wanted[queue] and not is_known[handler] then add_group(group) end
end
${dueEnding}`;

// The time of the server that holds the store: each node of a cluster has a clock of its own.
export const time = `
return redis.call('TIME')
`;
