import { HEAD_COLUMNS } from './rows.ts';

// The text of every statement but those of claims. Values are always parameters; what is put into a text here are names
// of columns. Where SQLite has a choice of indexes, the statement names the one that makes its cost independent of how
// many tasks exist. Lists come as JSON text of hexadecimal ids, so that one prepared statement serves any number of
// them.

/** List the columns of a head, of one table. */
export const columnsOf = (table: string): string => HEAD_COLUMNS.map((name) => `${table}.${name}`).join(', ');
const HEAD = HEAD_COLUMNS.join(', ');
const NO_HEAD = HEAD_COLUMNS.map(() => 'NULL').join(', ');
/** Written exactly like the condition of the partial indexes, which SQLite uses only then. */
export const ACTIVE = "status IN ('working', 'input_required')";

/** Tasks that a create may meet, expired ones included: that with its id first. */
export const FIND_FOR_CREATE = `
  SELECT seq, expires_at_ms > :now AS is_live, ${HEAD} FROM mcp_tasks WHERE task_id = :task_id
  UNION ALL
  SELECT seq, expires_at_ms > :now AS is_live, ${HEAD} FROM mcp_tasks
  WHERE owner = :owner AND idempotency_key = :idempotency_key AND task_id <> :task_id`;

/** Counts of an owner: of the active tasks no more are looked at than the limit. */
export const COUNT_TASKS = `
  SELECT
    (SELECT tasks FROM mcp_task_owners WHERE owner = :owner) AS stored,
    (SELECT bytes FROM mcp_task_owners WHERE owner = :owner) AS bytes,
    (SELECT count(*) FROM (
      SELECT 1 FROM mcp_tasks INDEXED BY mcp_tasks_by_status
      WHERE owner = :owner AND ${ACTIVE} AND expires_at_ms > :now LIMIT :max_active
    )) AS active`;

/** The expired tasks of an owner, the longest expired first; its index has them by status. */
export const LIST_EXPIRED_OF_OWNER = `
  SELECT task.seq FROM json_each(:statuses) AS known CROSS JOIN mcp_tasks AS task ON task.seq IN (
    SELECT expired.seq FROM mcp_tasks AS expired INDEXED BY mcp_tasks_by_status
    WHERE expired.owner = :owner AND expired.status = known.value AND expired.expires_at_ms <= :now
    ORDER BY expired.expires_at_ms LIMIT :limit
  )
  ORDER BY task.expires_at_ms LIMIT :limit`;

/** The number of a write among those of all processes, for the watch; taken for good by {@link COUNT_CHANGES}. */
export const CHANGE_SEQ = '(SELECT change_seq + 1 FROM mcp_task_schema WHERE id = 1)';

export const COUNT_CHANGES = 'UPDATE mcp_task_schema SET change_seq = change_seq + :count WHERE id = 1';

/** The lane of a task whose due time and holder are these expressions. */
const laneOf = (due: string, holder: string) => `CASE WHEN ${due} <= :now THEN iif(${holder} IS NULL, 1, 2) ELSE 0 END`;

export const INSERT_TASK = `
  INSERT INTO mcp_tasks (${HEAD}, idempotency_key, change_seq, lane)
  VALUES (${HEAD_COLUMNS.map((name) => `:${name}`).join(', ')}, :idempotency_key, ${CHANGE_SEQ},
    ${laneOf(':due_at_ms', ':holder')})
  RETURNING seq`;

/**
 * The compare-and-set: changes nothing unless the task is live and its last write is the expected one. With entries it
 * counts by how many bytes they grow, and changes nothing where that is too much.
 */
export function updateTask(columns: readonly string[], hasEntries: boolean): string {
  const valueOf = (name: string) => (columns.includes(name) ? `:${name}` : name);
  const isMoved = columns.includes('due_at_ms') || columns.includes('holder');
  const lane = isMoved ? [`lane = ${laneOf(valueOf('due_at_ms'), valueOf('holder'))}`] : [];
  const bytes = hasEntries ? ['entry_bytes = entry_bytes + grown.bytes'] : [];
  const changes = [...columns.map((name) => `${name} = :${name}`), ...lane, ...bytes];
  return `${hasEntries ? GROWN : ''}
  UPDATE mcp_tasks SET ${changes.map((change) => `${change}, `).join('')}
    version = version + 1, write_id = :write_id, change_seq = ${CHANGE_SEQ}
  ${hasEntries ? 'FROM grown' : ''}
  WHERE task_id = :task_id AND version = :expected_version AND write_id = :expected_write_id
    AND write_id <> :write_id AND expires_at_ms > :now
    ${hasEntries ? 'AND mcp_tasks.seq = grown.task_seq AND (grown.bytes <= 0 OR grown.sum <= :max_stored_bytes)' : ''}
  RETURNING seq, ${columnsOf('mcp_tasks')}`;
}

/** By how many bytes the entries named grow, to which sum of the owner. The length of a value is read without it. */
const GROWN = `
  WITH replaced AS MATERIALIZED (
    SELECT task.seq, task.owner, coalesce(sum(length(entry.name) + length(entry.value)), 0) AS bytes
    FROM mcp_tasks AS task CROSS JOIN json_each(:keys) AS key LEFT JOIN mcp_task_entries AS entry
      ON entry.task_seq = task.seq AND entry.kind = key.value ->> 0 AND entry.name = unhex(key.value ->> 1)
    WHERE task.task_id = :task_id
  ),
  grown AS MATERIALIZED (
    SELECT replaced.seq AS task_seq, :put_bytes - replaced.bytes AS bytes,
      owned.bytes + :put_bytes - replaced.bytes AS sum
    FROM replaced CROSS JOIN mcp_task_owners AS owned ON owned.owner = replaced.owner
  )`;

export const PUT_ENTRY = `
  INSERT INTO mcp_task_entries (task_seq, kind, name, value) VALUES (:task_seq, :kind, :name, :value)
  ON CONFLICT (task_seq, kind, name) DO UPDATE SET value = excluded.value`;

export const DELETE_ENTRY = 'DELETE FROM mcp_task_entries WHERE task_seq = :task_seq AND kind = :kind AND name = :name';

export const GET_HEAD = `SELECT ${HEAD} FROM mcp_tasks WHERE task_id = :task_id AND expires_at_ms > :now`;

/** Heads and entries of some tasks in one statement, so of one moment; entry rows have a kind and no head. */
const recordsOf = (wanted: string) => `
  WITH wanted AS MATERIALIZED (${wanted})
  SELECT task.seq, NULL AS kind, NULL AS name, NULL AS value, ${columnsOf('task')}
  FROM wanted CROSS JOIN mcp_tasks AS task ON task.seq = wanted.seq
  UNION ALL
  SELECT entry.task_seq, entry.kind, entry.name, entry.value, ${NO_HEAD}
  FROM wanted CROSS JOIN mcp_task_entries AS entry ON entry.task_seq = wanted.seq
  WHERE entry.kind IN (SELECT value FROM json_each(:kinds))`;

export const GET_RECORDS = recordsOf(`
    SELECT seq FROM mcp_tasks
    WHERE task_id IN (SELECT unhex(value) FROM json_each(:task_ids)) AND expires_at_ms > :now
      AND (:owner IS NULL OR owner = :owner)`);

/** The tasks of a claim that no other call has written since. */
export const GET_CLAIMED = recordsOf(`
    SELECT seq FROM mcp_tasks
    WHERE seq IN (SELECT value FROM json_each(:task_seqs)) AND write_id = :write_id AND expires_at_ms > :now`);

export const FIND_JOINABLE = `
  SELECT ${HEAD} FROM mcp_tasks INDEXED BY mcp_tasks_by_join_key
  WHERE owner = :owner AND join_key = :join_key AND join_state IS NOT NULL AND expires_at_ms > :now
  ORDER BY created_at_ms DESC, task_id DESC LIMIT :limit`;

export const LIST_FIRST = `
  SELECT ${HEAD} FROM mcp_tasks INDEXED BY mcp_tasks_by_owner
  WHERE owner = :owner AND expires_at_ms > :now
  ORDER BY created_at_ms DESC, task_id DESC LIMIT :limit`;

export const LIST_AFTER = `
  SELECT ${HEAD} FROM mcp_tasks INDEXED BY mcp_tasks_by_owner
  WHERE owner = :owner AND (created_at_ms, task_id) < (:created_at_ms, :task_id) AND expires_at_ms > :now
  ORDER BY created_at_ms DESC, task_id DESC LIMIT :limit`;

/** A lease is `[id, attempt, holder]`. Neither version nor change number moves, so no process is told. */
export const RENEW = `
  UPDATE mcp_tasks SET due_at_ms = :due_at_ms, lane = 0
  WHERE ${ACTIVE} AND expires_at_ms > :now AND seq IN (
    SELECT held.seq FROM json_each(:leases) AS lease
    CROSS JOIN mcp_tasks AS held ON held.task_id = unhex(lease.value ->> 0)
    WHERE held.attempt = lease.value ->> 1 AND held.holder = unhex(lease.value ->> 2)
  )
  RETURNING ${HEAD}`;

export const DELETE_EXPIRED_TASKS = `
  DELETE FROM mcp_tasks WHERE seq IN (
    SELECT seq FROM mcp_tasks INDEXED BY mcp_tasks_by_expiry WHERE expires_at_ms <= :now ORDER BY expires_at_ms LIMIT :limit
  )
  RETURNING seq, ${HEAD}`;

export const DELETE_TASKS = 'DELETE FROM mcp_tasks WHERE seq IN (SELECT value FROM json_each(:task_seqs))';

export const DELETE_ENTRIES =
  'DELETE FROM mcp_task_entries WHERE task_seq IN (SELECT value FROM json_each(:task_seqs))';

export const FREE_IDEMPOTENCY_KEY = 'UPDATE mcp_tasks SET idempotency_key = NULL WHERE seq = :task_seq';

/** Moves only when another connection has committed. */
export const DATA_VERSION = 'PRAGMA data_version';

export const LAST_CHANGE = 'SELECT change_seq FROM mcp_task_schema WHERE id = 1';

export const LIST_CHANGES = `
  SELECT change_seq, task_id, version, status, handler, queue, holder, due_at_ms
  FROM mcp_tasks INDEXED BY mcp_tasks_by_change
  WHERE change_seq > :after ORDER BY change_seq LIMIT :limit`;

/** Fails at start, not at the first call, where SQLite is too old or a table or column is missing. */
export const CHECK_TABLES = `
  SELECT unhex('00'), ${columnsOf('task')}, task.idempotency_key, task.change_seq, task.lane,
    entry.kind, entry.name, entry.value, owned.tasks, owned.bytes, claim.task_seqs, claim.until_ms
  FROM mcp_tasks AS task JOIN mcp_task_entries AS entry ON entry.task_seq = task.seq
  JOIN mcp_task_owners AS owned JOIN mcp_task_claims AS claim LIMIT 0`;
