/**
 * Places of a task among those that have a time. The field `_at` of a head tells where it is: `u` in `u:GROUP`, `q` or
 * `l` in `m:GROUP` and in the set of its owner by that letter; empty or missing = nowhere.
 */
export const places = `
local function group_of(head)
  if not head.handler or not head.queue then return nil end
  return #head.queue .. ':' .. head.queue .. head.handler
end
-- A group is noted among the tasks by expiry, at infinity: a create has that key in its hands anyway.
local function group_mark(group) return '=' .. group end
local function parts_of(group)
  local colon = string.find(group, ':', 1, true)
  local last = colon + tonumber(string.sub(group, 1, colon - 1))
  return string.sub(group, colon + 1, last), string.sub(group, last + 1)
end
local function forget_group(group)
  if redis.call('EXISTS', base .. 'u:' .. group, base .. 'm:' .. group) == 0 then
    redis.call('ZREM', base .. 'expiry', group_mark(group))
  end
end
local function owned_key(at, owner, group) return base .. at .. ':' .. owner .. ':' .. group end
local function owners_key(at, group) return base .. string.upper(at) .. ':' .. group end

-- Owners are in the order of their bytes: their base64, in an alphabet that is sorted.
local URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
local SORTED = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
local function translated(text, from, to)
  local letters = {}
  for at = 1, 64 do letters[string.sub(from, at, at)] = string.sub(to, at, at) end
  return (string.gsub(text, '.', letters))
end
local function sorted_of(owner) return translated(owner, URL, SORTED) end
local function owner_of(sorted) return translated(sorted, SORTED, URL) end

-- Lua's own comparison depends on the server's language.
local function precedes(one, other)
  for at = 1, math.min(#one, #other) do
    local left, right = string.byte(one, at), string.byte(other, at)
    if left ~= right then return left < right end
  end
  return #one < #other
end

local function unplace(id, at, owner, group)
  if at == 'u' then redis.call('ZREM', base .. 'u:' .. group, id) end
  if at ~= 'q' and at ~= 'l' then return end
  redis.call('ZREM', base .. 'm:' .. group, id)
  local key = owned_key(at, owner, group)
  if redis.call('ZREM', key, id) == 1 and redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', owners_key(at, group), sorted_of(owner))
  end
end

-- The place of a changed head.
local function next_place(head, was)
  local at = was._at or ''
  if not (is_active(head.status) and is_set(head.dueAtMs)) then return '' end
  local has_turned = at ~= 'u' and is_set(head.holder) ~= is_set(was.holder)
  if at ~= '' and head.dueAtMs == was.dueAtMs and not has_turned then return at end
  return 'u'
end
local function move(id, head, was, owner, group)
  local at = was._at or ''
  if head._at == '' or (head._at == 'u' and at ~= 'u') then unplace(id, at, owner, group) end
  if head._at == 'u' and (at ~= 'u' or head.dueAtMs ~= was.dueAtMs) then
    redis.call('ZADD', base .. 'u:' .. group, head.dueAtMs, id)
    redis.call('ZADD', base .. 'expiry', '+inf', group_mark(group))
  end
end
`;
