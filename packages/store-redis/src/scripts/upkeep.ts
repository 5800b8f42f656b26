/** Renews leases. */
export const renew = `
local now, lease = take_early(), take_number()
local due_at, held, places = whole(now + lease), {}, {}
while position < #ARGV do
  local id, attempt, holder = take(), take(), take()
  local head = read_live(id, now)
  local group = head and group_of(head)
  local is_held = group and head._owner and head.attempt == attempt and head.holder == holder
  if is_held and is_active(head.status) then
    redis.call('HSET', head_key(id), 'dueAtMs', due_at, '_at', 'u')
    if head._at ~= 'u' then unplace(id, head._at or '', head._owner, group) end
    head.dueAtMs = due_at
    places[group] = places[group] or {}
    table.insert(places[group], due_at)
    table.insert(places[group], id)
    held[#held + 1] = flat_of(head)
  end
end
for group, list in pairs(places) do
  each_part(list, function(...) redis.call('ZADD', base .. 'u:' .. group, ...) end)
end
return held
`;

/** Removes expired tasks, and what is left of those that native expiry removed. */
export const deleteExpired = `
local now, limit = take_early(), take_number()
local heads, looks_left = {}, 4 * limit
repeat
  local wanted = math.min(limit - #heads, looks_left)
  local members = redis.call('ZRANGEBYSCORE', base .. 'expiry', '-inf', now, 'LIMIT', 0, wanted)
  looks_left = looks_left - #members
  for _, member in ipairs(members) do
    local colon = string.find(member, ':', 1, true)
    local owner, id = string.sub(member, 1, colon - 1), string.sub(member, colon + 1)
    local head, flat = read(id)
    remove(owner, id, head)
    if flat then heads[#heads + 1] = flat end
  end
until #members < wanted or #heads >= limit or looks_left <= 0
return heads
`;
