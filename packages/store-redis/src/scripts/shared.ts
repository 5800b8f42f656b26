/**
 * The beginning of every script: arguments, time, and heads.
 *
 * Keys of one store, after its prefix (which holds the one hash tag):
 *
 * - `t:ID` hash of the head; `e:KIND:ID` hash of the entries of a kind.
 * - `k:OWNER:KEY` the task of an idempotency key; `c:WRITE` the tasks of a claim, for as long as its leases.
 * - `o:OWNER` the owner's tasks in order of creation, and those that calls can join by join key (lexical set).
 * - `b:OWNER` the owner's tasks by expiry, that of an ended task negative; `expiry` the tasks of all owners and, at
 *   infinity, each GROUP that has a task with a time, behind an equals sign (or had one that is not removed yet).
 * - `n:OWNER` hash of sums: `tasks`, `bytes`, `until` (native expiry), and for each task `b:ID` bytes and `w:ID`
 *   places.
 * - `u:GROUP` tasks by the time at which they will be due; `m:GROUP` those that moved on when they became due, which
 *   are in `q:OWNER:GROUP` too (no holder) or in `l:OWNER:GROUP` (lost runs); `Q:GROUP` and `L:GROUP` their owners in
 *   order (lexical sets).
 * - `schema`.
 *
 * OWNER is base64url, GROUP is a queue behind its length and a handler, and a kind holds no colon, so no key is
 * ambiguous.
 *
 * Values are opaque: no script decodes one. A record that was damaged from outside (a key of another type, a missing
 * field) is returned as it is, for the reader to report. Such damage never makes a script stop half way.
 */
export const shared = `
local base = KEYS[1]
local KINDS = {'call','variable','published','checkpoint','wait','question','answer','outcome','history','result','error'}
local NET_MS = 86400000
-- Lua takes no longer lists of arguments.
local MOST_ARGUMENTS = 1000

-- Arguments come one after the other; a list comes with its length before it.
local position = 0
local function take() position = position + 1 return ARGV[position] end
local function take_number() return tonumber(take()) end
local function take_list()
  local list = {}
  for _ = 1, take_number() do list[#list + 1] = take() end
  return list
end

local function present_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
-- The caller's time, but never ahead of the server's: what is removed or claimed is so for everybody.
local function take_early() return math.min(take_number(), present_ms()) end

local function whole(number) return string.format('%.0f', number) end
local function head_key(id) return base .. 't:' .. id end
local function entries_key(kind, id) return base .. 'e:' .. kind .. ':' .. id end
local function is_there(id) return redis.call('EXISTS', head_key(id)) == 1 end

local function map_of(flat)
  local map = {}
  for at = 1, #flat, 2 do map[flat[at]] = flat[at + 1] end
  return map
end
-- Without the fields that only scripts read.
local function flat_of(map)
  local flat = {}
  for name, value in pairs(map) do
    if name == '_owner' or string.sub(name, 1, 1) ~= '_' then flat[#flat + 1] = name flat[#flat + 1] = value end
  end
  return flat
end

-- The head as a map and as Redis answers it: nothing for a missing task, only the latter for one that is no hash.
local function read(id)
  local flat = redis.pcall('HGETALL', head_key(id))
  if flat.err then return nil, {'taskId', id} end
  if #flat == 0 then return nil, nil end
  return map_of(flat), flat
end

-- A task whose expiry cannot be read counts as live: it is shown, and found out.
local function is_live(head, now)
  local at = tonumber(head.expiresAtMs)
  return at == nil or at > now
end
local function read_live(id, now)
  local head, flat = read(id)
  if head and not is_live(head, now) then return nil, nil end
  return head, flat
end

local function is_active(status) return status == 'working' or status == 'input_required' end
-- A field that a write removed is kept as an empty text.
local function is_set(value) return value ~= nil and value ~= '' end

-- Native expiry is a second net, a day late.
local function net_at(expires) return whole(expires + NET_MS) end

local function each_part(list, use)
  for from = 1, #list, MOST_ARGUMENTS do use(unpack(list, from, math.min(#list, from + MOST_ARGUMENTS - 1))) end
end

-- By pcall: a hint may be lost, and the write before it has happened.
local function send_hint(channel, message) redis.pcall('PUBLISH', channel, message) end
local function hint(channel, id, head)
  local parts = {head.version, head.status, id}
  if is_set(head.dueAtMs) and not is_set(head.holder) then
    parts[4], parts[5], parts[6] = head.dueAtMs, head.handler, head.queue
  end
  send_hint(channel, cjson.encode(parts))
end

local function entries_of(id, kinds)
  local entries = {}
  for _, kind in ipairs(kinds) do
    local rows = redis.pcall('HGETALL', entries_key(kind, id))
    if rows.err then entries[#entries + 1] = {kind, false}
    elseif #rows > 0 then entries[#entries + 1] = {kind, rows} end
  end
  return entries
end
`;
