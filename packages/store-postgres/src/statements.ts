/**
 * A parameterised statement. Its name is unique to the schema, and is used only where the connection keeps prepared
 * statements.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Names of the store's statements. */
export type Statements = ReturnType<typeof statements>;

const ACTIVE = `t.status IN ('working', 'input_required')`;
const NEWEST_FIRST = `t.created_at_ms DESC, t.task_id COLLATE "C" DESC`;
const LATER = 'AND (t.due_at_ms, t.task_id COLLATE "C") > ($5, $6)';
const LONGEST_DUE_FIRST = 'found.due_at_ms, found.task_id COLLATE "C"';

/**
 * Take the earlier of the caller's time and the server's: a removal or claim counts for all processes. Stable, so that
 * an index serves.
 */
const early = (nowMs: string): string =>
  `LEAST(${nowMs}::bigint, floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint)`;

/**
 * Make every statement of the store's daily work, for one schema.
 *
 * A statement that locks many rows picks them first, as an array that is made once. So a `LIMIT` holds under every
 * plan. Rows are locked in the order of the leases, which are sorted, so that no two renewals wait for each other in a
 * circle.
 */
export function statements(schema: string) {
  const tasks = `${schema}.tasks`;
  const head = `${schema}.head_text(t)`;
  const heads = `SELECT t.task_id, ${head} AS head, NULL AS kind, NULL AS name, NULL AS value FROM ${tasks} t
      WHERE t.task_id = ANY ($1::text[]) AND t.expires_at_ms > $2 AND ($3::bytea IS NULL OR t.owner = $3)`;
  const page = `SELECT ${head} AS head FROM ${tasks} t WHERE t.owner = $1 AND t.expires_at_ms > $2`;
  const named = `(SELECT queue_json, handler_json
        FROM unnest($1::text[]) AS queue_json CROSS JOIN unnest($2::text[]) AS handler_json)`;
  // One look into the index for each handler of a queue that has a task with a time.
  const next = (queue: string, condition: string) => `(SELECT t.handler_json FROM ${tasks} t
        WHERE t.queue_json = ${queue} AND ${condition} AND t.due_at_ms IS NOT NULL AND ${ACTIVE}
        ORDER BY t.handler_json LIMIT 1)`;
  const others = `(WITH RECURSIVE known (queue_json, handler_json) AS (
        SELECT wanted, ${next('wanted', 'true')} FROM unnest($1::text[]) AS wanted
        UNION ALL SELECT known.queue_json, ${next('known.queue_json', 't.handler_json > known.handler_json')} FROM known
        WHERE known.handler_json IS NOT NULL
      ) SELECT queue_json, handler_json FROM known WHERE handler_json <> ALL ($2::text[]))`;
  const due = (groups: string, after: string) => `SELECT ${schema}.head_text(found.task) AS head
      FROM ${groups} g CROSS JOIN unnest(ARRAY[true, false]) AS r (is_ripe)
      CROSS JOIN LATERAL (SELECT t AS task, t.due_at_ms, t.task_id FROM ${tasks} t
        WHERE t.queue_json = g.queue_json AND t.handler_json = g.handler_json AND t.is_ripe = r.is_ripe
          AND t.due_at_ms <= ${early('$3')} AND t.expires_at_ms > ${early('$3')} AND ${ACTIVE} ${after}
        ORDER BY t.due_at_ms, t.task_id COLLATE "C" LIMIT $4) found
      ORDER BY ${LONGEST_DUE_FIRST} LIMIT $4`;
  const all = {
    create: `SELECT outcome, head, retryable
      FROM ${schema}.create_task($1::json, $2, $3, $4, $5, $6, ${early('$7')}, $8, $9, $10)`,
    update: `SELECT outcome, head FROM ${schema}.update_task($1, $2, $3, $4, $5, $6, $7::json, $8, $9, $10, $11, $12)`,
    getHeads: heads,
    // Entries are read task by task, so that those of a task of another owner are not.
    get: `${heads}
      UNION ALL SELECT t.task_id, NULL, entry.kind, encode(entry.name, 'base64'), entry.value FROM ${tasks} t
      CROSS JOIN LATERAL (SELECT e.kind, e.name, e.value FROM ${schema}.task_entries e
        WHERE e.task_id = t.task_id AND e.kind = ANY ($4::text[]) OFFSET 0) entry
      WHERE t.task_id = ANY ($1::text[]) AND t.expires_at_ms > $2 AND ($3::bytea IS NULL OR t.owner = $3)`,
    findJoinable: `${page} AND t.join_key_json = $3 AND t.join_state IS NOT NULL ORDER BY ${NEWEST_FIRST} LIMIT $4`,
    listFirst: `${page} ORDER BY ${NEWEST_FIRST} LIMIT $3`,
    listAfter: `${page} AND (t.created_at_ms, t.task_id COLLATE "C") < ($4, $5) ORDER BY ${NEWEST_FIRST} LIMIT $3`,
    dueFirst: due(named, ''),
    dueAfter: due(named, LATER),
    dueOthersFirst: due(others, ''),
    dueOthersAfter: due(others, LATER),
    claim: `SELECT * FROM ${schema}.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
      ${early('$16')})`,
    renew: `UPDATE ${tasks} t SET due_at_ms = ${early('$5')} + $4::bigint, is_ripe = false WHERE t.task_id = ANY (ARRAY(
        SELECT held.task_id FROM unnest($1::text[], $2::bigint[], $3::text[]) AS lease (task_id, attempt, holder_json)
        CROSS JOIN LATERAL (SELECT t.task_id FROM ${tasks} t WHERE t.task_id = lease.task_id AND t.attempt = lease.attempt
          AND t.holder_json = lease.holder_json AND t.expires_at_ms > ${early('$5')} AND ${ACTIVE} FOR NO KEY UPDATE) held))
      RETURNING ${head} AS head`,
    deleteExpired: `SELECT head FROM ${schema}.delete_expired(${early('$1')}, $2)`,
    serverTime: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, text]) => [name, { name: `${schema}_${name}`, text }]),
  ) as Readonly<Record<keyof typeof all, Statement>>;
}
