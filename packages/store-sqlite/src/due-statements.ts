import { ACTIVE, CHANGE_SEQ, columnsOf } from './statements.ts';

// The text of the statements for tasks that are due. They take groups as JSON text of `[queue, handler, lane]`, and with
// them go through the ranges of an index, so that no task of another handler or queue is looked at.

const IN_GROUP = `due.queue = unhex(one.value ->> 0) AND due.handler = unhex(one.value ->> 1)
      AND due.lane = one.value ->> 2 AND due.due_at_ms IS NOT NULL AND due.${ACTIVE} AND due.expires_at_ms > :now`;

/** At most a page of each group is read, then the longest due of them are taken. */
const listDue = (groups: string): string => `
  SELECT ${columnsOf('task')}
  FROM ${groups} AS one CROSS JOIN mcp_tasks AS task ON task.seq IN (
    SELECT due.seq FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_due
    WHERE ${IN_GROUP} AND due.due_at_ms <= :now AND (due.due_at_ms, due.task_id) > (:after_due_at_ms, :after_task_id)
    ORDER BY due.due_at_ms, due.task_id LIMIT :limit
  )
  ORDER BY task.due_at_ms, task.task_id LIMIT :limit`;

export const LIST_DUE = listDue('json_each(:groups)');

/** The first handler of a queue, after another one, that has a task with a due time: one look into the index. */
const nextHandler = (queue: string, condition: string): string => `(
      SELECT due.handler FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_due
      WHERE due.queue = ${queue} AND ${condition} AND due.due_at_ms IS NOT NULL AND due.${ACTIVE}
      ORDER BY due.handler LIMIT 1
    )`;

/** As `LIST_DUE`, for the handlers that are not among `:except`: it goes from handler to handler through the index. */
export const LIST_DUE_OF_OTHERS = `
  WITH RECURSIVE found (queue, handler) AS (
    SELECT unhex(wanted.value), ${nextHandler('unhex(wanted.value)', 'TRUE')} FROM json_each(:queues) AS wanted
    UNION ALL
    SELECT found.queue, ${nextHandler('found.queue', 'due.handler > found.handler')} FROM found
    WHERE found.handler IS NOT NULL
  )
  ${listDue(`(
    SELECT json_array(hex(found.queue), hex(found.handler), lane.value) AS value
    FROM found CROSS JOIN json_each(:lanes) AS lane
    WHERE found.handler NOT IN (SELECT unhex(value) FROM json_each(:except))
  )`)}`;

/** The earliest due time of the groups. */
export const NEXT_DUE = `
  SELECT min((
    SELECT due.due_at_ms FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_due
    WHERE ${IN_GROUP} ORDER BY due.due_at_ms LIMIT 1
  )) AS due_at_ms
  FROM json_each(:groups) AS one`;

/** Move tasks whose time has come to the lane where owners take turns: each task comes here once. */
export const MOVE_DUE = `
  UPDATE mcp_tasks SET lane = iif(holder IS NULL, 1, 2) WHERE seq IN (
    SELECT task.seq FROM json_each(:groups) AS one CROSS JOIN mcp_tasks AS task ON task.seq IN (
      SELECT due.seq FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_due
      WHERE ${IN_GROUP} AND due.due_at_ms <= :now ORDER BY due.due_at_ms LIMIT :limit
    )
    ORDER BY task.due_at_ms LIMIT :limit
  )`;

/** Those of the groups that have a task whose turn may come. */
export const LIST_GROUPS = `
  SELECT one.key FROM json_each(:groups) AS one WHERE EXISTS (
    SELECT 1 FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_turn WHERE due.lane > 0 AND ${IN_GROUP}
  )`;

/** The first owner of the groups, in the order of bytes. */
export const FIRST_OWNER = nextOwner('TRUE');

/** The first owner of the groups after one. */
export const OWNER_AFTER = nextOwner('due.owner > :after');

function nextOwner(condition: string): string {
  return `
  SELECT min((
    SELECT due.owner FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_turn
    WHERE due.lane > 0 AND ${IN_GROUP} AND ${condition} ORDER BY due.owner LIMIT 1
  )) AS owner
  FROM json_each(:groups) AS one`;
}

/** Of how many crashes a claimed task would tell. */
const CRASHES = 'task.crash_count + (task.holder IS NOT NULL AND task.holder <> :holder)';

/**
 * Tasks of one owner, the longest due first. A group has a fourth part here: the crash count from which on a task is a
 * suspect.
 */
export const LIST_DUE_OF_OWNER = `
  SELECT task.seq, task.task_id, task.due_at_ms, ${CRASHES} >= one.value ->> 3 AS is_suspect
  FROM json_each(:groups) AS one CROSS JOIN mcp_tasks AS task ON task.seq IN (
    SELECT due.seq FROM mcp_tasks AS due INDEXED BY mcp_tasks_by_turn
    WHERE due.lane > 0 AND ${IN_GROUP} AND due.owner = :owner AND due.due_at_ms <= :now
      AND (due.due_at_ms, due.task_id) > (:after_due_at_ms, :after_task_id)
      AND (:takes_suspects OR one.value ->> 3 IS NULL
        OR due.crash_count + (due.holder IS NOT NULL AND due.holder <> :holder) < one.value ->> 3)
    ORDER BY due.due_at_ms, due.task_id LIMIT :limit
  )
  ORDER BY task.due_at_ms, task.task_id LIMIT :limit`;

/** Due tasks among those named. */
export const LIST_DUE_OF_IDS = `
  SELECT task.seq, task.task_id, task.handler, task.queue, task.holder IS NOT NULL AS is_held, ${CRASHES} AS crashes
  FROM mcp_tasks AS task
  WHERE task.task_id IN (SELECT unhex(value) FROM json_each(:task_ids)) AND task.expires_at_ms > :now
    AND task.${ACTIVE} AND task.due_at_ms <= :now`;

/** Every claimed task is a change of its own to the watch. */
export const CLAIM = `
  UPDATE mcp_tasks SET version = version + 1, write_id = :write_id, attempt = attempt + 1,
    crash_count = crash_count + (holder IS NOT NULL AND holder <> :holder), holder = :holder,
    due_at_ms = :due_at_ms, lane = 0, last_updated_at_ms = max(last_updated_at_ms, :now),
    change_seq = ${CHANGE_SEQ} + picked.key
  FROM json_each(:task_seqs) AS picked WHERE mcp_tasks.seq = picked.value`;

export const FIND_CLAIM = 'SELECT task_seqs FROM mcp_task_claims WHERE write_id = :write_id';

export const NOTE_CLAIM = 'INSERT INTO mcp_task_claims VALUES (:write_id, :task_seqs, :until_ms)';

/** A few more than a claim adds, so that they do not pile up. */
export const FORGET_CLAIMS = `
  DELETE FROM mcp_task_claims WHERE write_id IN (
    SELECT write_id FROM mcp_task_claims INDEXED BY mcp_task_claims_by_end
    WHERE until_ms <= :now ORDER BY until_ms LIMIT 10
  )`;
