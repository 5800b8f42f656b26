/**
 * Notes the layout of the keys. An older one is closed to code that knows nothing newer before it is changed. The script
 * also finds out, when a store opens, whether its user may publish and whether the server takes writes.
 */
export const schema = `
local channel, version, compatible_from = take(), take(), take()
local key = base .. 'schema'
redis.call('PUBLISH', channel, '')
redis.call('PERSIST', key)
local stored = redis.call('HMGET', key, 'version', 'compatibleFrom')
if not stored[1] then
  redis.call('HSET', key, 'version', version, 'compatibleFrom', compatible_from)
  return {version, compatible_from}
end
if (tonumber(stored[1]) or math.huge) < tonumber(version) then
  redis.call('HSET', key, 'compatibleFrom', compatible_from)
  return {stored[1], compatible_from}
end
return stored
`;

/**
 * Brings some tasks of layout 1 to layout 2; answers how many are left. Layout 1 had `x` (tasks by expiry), `a:OWNER` and
 * `s:OWNER` (the owner's active and stored tasks by expiry) and `d:HANDLER` (due tasks). Its queued tasks had a holder.
 */
export const migrate = `
local version, most = take(), take_number()
local now, key = present_ms(), base .. 'schema'
local function bring(id, score)
  local head, flat = read(id)
  if not flat then return end
  local owner = head and head._owner or ''
  local expires, created = head and tonumber(head.expiresAtMs), head and tonumber(head.createdAtMs)
  if head then
    head.queue = ''
    redis.call('HSET', head_key(id), 'queue', '', 'writeId', '', 'entryBytes', 0)
  end
  if not (expires and created and owner ~= '' and head.handler and head.status) then
    redis.call('ZADD', base .. 'expiry', score, owner .. ':' .. id)
    return
  end
  local bytes, kinds = 0, {}
  for _, kind in ipairs(KINDS) do
    local name = entries_key(kind, id)
    local fields = redis.pcall('HKEYS', name)
    if fields.err or #fields > 0 then kinds[#kinds + 1] = kind end
    for _, field in ipairs(fields) do bytes = bytes + #field + redis.call('HSTRLEN', name, field) end
  end
  if head.attempt == '0' and head.holder then
    head.holder = nil
    local due = tonumber(head.dueAtMs)
    if due and due > now then head.dueAtMs = whole(now) end
  end
  local group, is_due = group_of(head), is_active(head.status) and is_set(head.dueAtMs)
  redis.call('HSET', head_key(id), 'entryBytes', bytes, '_kinds', table.concat(kinds, ','), '_at', is_due and 'u' or '',
    'holder', head.holder or '', 'dueAtMs', head.dueAtMs or '', 'resultError', head.toolError or '')
  redis.call('HDEL', head_key(id), 'toolError', '_place')
  local place, numbers = by_age(created, id), base .. 'n:' .. owner
  redis.call('ZADD', base .. 'o:' .. owner, 0, place)
  redis.call('ZADD', base .. 'b:' .. owner, signed_expiry(head), id)
  local member = owner .. ':' .. id
  if is_due then
    redis.call('ZADD', base .. 'expiry', head.expiresAtMs, member, '+inf', group_mark(group))
    redis.call('ZADD', base .. 'u:' .. group, head.dueAtMs, id)
  else redis.call('ZADD', base .. 'expiry', head.expiresAtMs, member) end
  local n = redis.call('HMGET', numbers, 'tasks', 'bytes', 'until')
  local until_at = until_of(expires, n[3])
  redis.call('HSET', numbers, 'tasks', (tonumber(n[1]) or 0) + 1, 'bytes', whole((tonumber(n[2]) or 0) + bytes),
    'until', until_at or n[3], 'b:' .. id, bytes, 'w:' .. id, whereabouts(place, group, head._key))
  if until_at then keep_owner(owner, until_at) end
  redis.call('UNLINK', base .. 'a:' .. owner, base .. 's:' .. owner, base .. 'd:' .. head.handler)
end
local rows = redis.call('ZRANGE', base .. 'x', 0, most - 1, 'WITHSCORES')
for row = 1, #rows, 2 do
  bring(rows[row], rows[row + 1])
  redis.call('ZREM', base .. 'x', rows[row])
end
local left = redis.call('ZCARD', base .. 'x')
if left == 0 and tonumber(redis.call('HGET', key, 'version')) < tonumber(version) then
  redis.call('HSET', key, 'version', version)
end
return left
`;
