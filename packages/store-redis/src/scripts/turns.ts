/** Gives owners their turn in a claim: the longest due tasks of each come first. */
export const turns = `
-- A place among the due tasks of an owner, of one group and letter.
local function stream_of(at, group)
  local stream = {at = at, group = group, owners = owners_key(at, group)}
  function stream.seek(from, to)
    stream.owner = redis.call('ZRANGEBYLEX', stream.owners, from, to, 'LIMIT', 0, 1)[1]
  end
  function stream.begin(owner)
    stream.key, stream.offset, stream.rows, stream.row = owned_key(at, owner, group), 0, {}, 1
    stream.is_over = false
    stream.fill()
  end
  function stream.fill()
    if stream.is_over or stream.rows[stream.row] then return end
    stream.rows = redis.call('ZRANGEBYSCORE', stream.key, '-inf', now, 'WITHSCORES', 'LIMIT', stream.offset, 16)
    stream.row = 1
    stream.is_over = #stream.rows == 0
  end
  function stream.first() return stream.rows[stream.row], tonumber(stream.rows[stream.row + 1]) end
  function stream.pass(stays)
    stream.row = stream.row + 2
    if stays then stream.offset = stream.offset + 1 end
    stream.fill()
  end
  return stream
end

-- Tasks that a claim looks at, at most: suspects are passed over, however many there are.
local looks_at_tasks = 1000
-- Returns whether the owner has a due task, or will have.
local function look_at(sorted, streams)
  local owner, room, is_alive = owner_of(sorted), rooms[sorted] or per_owner, false
  for _, stream in ipairs(streams) do stream.begin(owner) end
  while true do
    local best, best_id, best_due
    for _, stream in ipairs(streams) do
      local id, due = stream.first()
      if id and (not best or due < best_due or (due == best_due and precedes(id, best_id))) then
        best, best_id, best_due = stream, id, due
      end
    end
    if not best or looks_at_tasks <= 0 then break end
    looks_at_tasks = looks_at_tasks - 1
    local head, flat = read(best_id)
    local is_full = room <= 0 or #claimed_ids >= limit
    if is_full and head and is_live(head, now) then return true end
    local outcome = is_full and 'dead' or try(best_id, head)
    if outcome == 'dead' then set_aside(best_id, head, flat, best.at, owner, best.group)
    else is_alive = true end
    if outcome == 'claimed' then room = room - 1 end
    if is_alive and (room <= 0 or #claimed_ids >= limit) then return true end
    best.pass(outcome == 'left')
  end
  if is_alive then return true end
  for _, stream in ipairs(streams) do
    if redis.call('EXISTS', stream.key) == 1 then return true end
  end
  return false
end

local function take_turns()
  local streams, looks = {}, 64 + 4 * limit
  for _, group in ipairs(groups) do
    streams[#streams + 1] = stream_of('q', group)
    if takes_lost then streams[#streams + 1] = stream_of('l', group) end
  end
  local function turn(from, to)
    for _, stream in ipairs(streams) do stream.seek(from, to) end
    while #claimed_ids < limit and looks > 0 do
      local owner
      for _, stream in ipairs(streams) do
        if stream.owner and (not owner or precedes(stream.owner, owner)) then owner = stream.owner end
      end
      if not owner then return end
      looks = looks - 1
      local own = {}
      for _, stream in ipairs(streams) do
        if stream.owner == owner then own[#own + 1] = stream end
      end
      if look_at(owner, own) then last = owner end
      for _, stream in ipairs(own) do stream.seek('(' .. owner, to) end
    end
  end
  turn(after == '-' and '-' or '(' .. string.sub(after, 2), '+')
  if after ~= '-' then turn('-', '[' .. string.sub(after, 2)) end
end
`;
