import { HEAD_COLUMNS } from './rows.ts';

// The text of every statement. Values are always parameters; what is put into a text here are names of columns.
// Where SQLite has a choice of indexes, the statement names the one that makes its cost independent of how many tasks
// exist. Lists come as JSON text of hexadecimal ids, so that one prepared statement serves any number of them.

const columnsOf = (table: string) => HEAD_COLUMNS.map((name) => `${table}.${name}`).join(', ');
const HEAD = HEAD_COLUMNS.join(', ');
const NO_HEAD = HEAD_COLUMNS.map(() => 'NULL').join(', ');
/** Written exactly like the condition of the partial index, which SQLite uses only then. */
const ACTIVE = "status IN ('working', 'input_required')";

/** Tasks that a create may meet, expired ones included: that with its id first. */
export const FIND_FOR_CREATE = `
  SELECT seq, expires_at_ms > :now AS is_live, ${HEAD} FROM mcp_tasks WHERE task_id = :task_id
  UNION ALL
  SELECT seq, expires_at_ms > :now AS is_live, ${HEAD} FROM mcp_tasks
  WHERE owner = :owner AND idempotency_key = :idempotency_key AND task_id <> :task_id`;

export const COUNT_TASKS = `
  SELECT count(*) AS stored, count(*) FILTER (WHERE ${ACTIVE}) AS active
  FROM mcp_tasks INDEXED BY mcp_tasks_by_quota WHERE owner = :owner AND expires_at_ms > :now`;

/** The number of a write among those of all processes, for the watch; taken for good by {@link COUNT_CHANGE}. */
const CHANGE_SEQ = '(SELECT change_seq + 1 FROM mcp_task_schema WHERE id = 1)';

export const COUNT_CHANGE = 'UPDATE mcp_task_schema SET change_seq = change_seq + 1 WHERE id = 1';

export const INSERT_TASK = `
  INSERT INTO mcp_tasks (${HEAD}, idempotency_key, change_seq)
  VALUES (${HEAD_COLUMNS.map((name) => `:${name}`).join(', ')}, :idempotency_key, ${CHANGE_SEQ})
  RETURNING seq`;

/** The compare-and-set: changes nothing unless the task is live and has the expected version. */
export function updateTask(columns: readonly string[]): string {
  const changes = columns.map((name) => `${name} = :${name}, `).join('');
  return `
  UPDATE mcp_tasks SET ${changes}version = version + 1, change_seq = ${CHANGE_SEQ}
  WHERE task_id = :task_id AND version = :expected_version AND expires_at_ms > :now
  RETURNING seq, ${HEAD}`;
}

export const PUT_ENTRY = `
  INSERT INTO mcp_task_entries (task_seq, kind, name, value) VALUES (:task_seq, :kind, :name, :value)
  ON CONFLICT (task_seq, kind, name) DO UPDATE SET value = excluded.value`;

export const DELETE_ENTRY = 'DELETE FROM mcp_task_entries WHERE task_seq = :task_seq AND kind = :kind AND name = :name';

export const GET_HEAD = `SELECT ${HEAD} FROM mcp_tasks WHERE task_id = :task_id AND expires_at_ms > :now`;

/** Heads and entries in one statement, so of one moment; entry rows have a kind and no head. */
export const GET_RECORDS = `
  WITH wanted AS MATERIALIZED (
    SELECT seq FROM mcp_tasks
    WHERE task_id IN (SELECT unhex(value) FROM json_each(:task_ids)) AND expires_at_ms > :now
  )
  SELECT task.seq, NULL AS kind, NULL AS name, NULL AS value, ${columnsOf('task')}
  FROM wanted CROSS JOIN mcp_tasks AS task ON task.seq = wanted.seq
  UNION ALL
  SELECT entry.task_seq, entry.kind, entry.name, entry.value, ${NO_HEAD}
  FROM wanted CROSS JOIN mcp_task_entries AS entry ON entry.task_seq = wanted.seq
  WHERE entry.kind IN (SELECT value FROM json_each(:kinds))`;

export const LIST_FIRST = `
  SELECT ${HEAD} FROM mcp_tasks INDEXED BY mcp_tasks_by_owner
  WHERE owner = :owner AND expires_at_ms > :now
  ORDER BY created_at_ms DESC, task_id DESC LIMIT :limit`;

export const LIST_AFTER = `
  SELECT ${HEAD} FROM mcp_tasks INDEXED BY mcp_tasks_by_owner
  WHERE owner = :owner AND (created_at_ms, task_id) < (:created_at_ms, :task_id) AND expires_at_ms > :now
  ORDER BY created_at_ms DESC, task_id DESC LIMIT :limit`;

/** At most a page of each handler is read, then the longest due of them are taken. */
export const LIST_DUE = `
  SELECT ${columnsOf('task')}
  FROM json_each(:handlers) AS handler CROSS JOIN mcp_tasks AS task ON task.seq IN (
    SELECT due.seq FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_due
    WHERE due.handler = unhex(handler.value) AND due.due_at_ms <= :now AND due.${ACTIVE} AND due.expires_at_ms > :now
    ORDER BY due.due_at_ms LIMIT :limit
  )
  ORDER BY task.due_at_ms, task.seq LIMIT :limit`;

/** A lease is `[id, attempt, holder]`. Neither version nor change number moves, so no process is told. */
export const RENEW = `
  UPDATE mcp_tasks SET due_at_ms = :due_at_ms
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
  RETURNING seq`;

export const DELETE_TASK = 'DELETE FROM mcp_tasks WHERE seq = :task_seq';

export const FREE_IDEMPOTENCY_KEY = 'UPDATE mcp_tasks SET idempotency_key = NULL WHERE seq = :task_seq';

export const DELETE_ENTRIES =
  'DELETE FROM mcp_task_entries WHERE task_seq IN (SELECT value FROM json_each(:task_seqs))';

/** Moves only when another connection has committed. */
export const DATA_VERSION = 'PRAGMA data_version';

export const LAST_CHANGE = 'SELECT change_seq FROM mcp_task_schema WHERE id = 1';

export const LIST_CHANGES = `
  SELECT change_seq, task_id, version, status FROM mcp_tasks INDEXED BY mcp_tasks_by_change
  WHERE change_seq > :after ORDER BY change_seq LIMIT :limit`;

/** Fails at start, not at the first call, where SQLite is too old or a column is missing. */
export const CHECK_TABLES = `
  SELECT unhex('00'), ${columnsOf('task')}, task.idempotency_key, task.change_seq, entry.kind, entry.name, entry.value
  FROM mcp_tasks AS task JOIN mcp_task_entries AS entry ON entry.task_seq = task.seq LIMIT 0`;
