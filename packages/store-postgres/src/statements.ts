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
      WHERE t.task_id = ANY ($1::text[]) AND t.expires_at_ms > $2`;
  const page = `SELECT ${head} AS head FROM ${tasks} t WHERE t.owner = $1 AND t.expires_at_ms > $2`;
  const newestFirst = `ORDER BY t.created_at_ms DESC, t.task_id COLLATE "C" DESC LIMIT $3`;
  const all = {
    create: `SELECT outcome, head FROM ${schema}.create_task($1::json, $2, $3, $4, $5, ${early('$6')}, $7, $8, $9)`,
    update: `SELECT outcome, head FROM ${schema}.update_task($1, $2, $3, $4::json, $5, $6, $7, $8, $9)`,
    getHeads: heads,
    get: `${heads}
      UNION ALL SELECT e.task_id, NULL, e.kind, encode(e.name, 'base64'), e.value
      FROM ${schema}.task_entries e JOIN ${tasks} t USING (task_id)
      WHERE e.task_id = ANY ($1::text[]) AND t.expires_at_ms > $2 AND e.kind = ANY ($3::text[])`,
    listFirst: `${page} ${newestFirst}`,
    listAfter: `${page} AND (t.created_at_ms, t.task_id COLLATE "C") < ($4, $5) ${newestFirst}`,
    due: `SELECT ${schema}.head_text(found.task) AS head FROM unnest($1::text[]) AS wanted (handler_json)
      CROSS JOIN LATERAL (SELECT t AS task, t.due_at_ms FROM ${tasks} t WHERE t.handler_json = wanted.handler_json
        AND t.due_at_ms <= ${early('$2')} AND t.expires_at_ms > ${early('$2')} AND ${ACTIVE} ORDER BY t.due_at_ms LIMIT $3) found
      ORDER BY found.due_at_ms LIMIT $3`,
    renew: `UPDATE ${tasks} t SET due_at_ms = $4 WHERE t.task_id = ANY (ARRAY(SELECT held.task_id
        FROM unnest($1::text[], $2::bigint[], $3::text[]) AS lease (task_id, attempt, holder_json)
        CROSS JOIN LATERAL (SELECT t.task_id FROM ${tasks} t WHERE t.task_id = lease.task_id AND t.attempt = lease.attempt
          AND t.holder_json = lease.holder_json AND t.expires_at_ms > $5 AND ${ACTIVE} FOR NO KEY UPDATE) held))
      RETURNING ${head} AS head`,
    deleteExpired: `WITH gone AS (DELETE FROM ${tasks} WHERE task_id = ANY (ARRAY(SELECT t.task_id FROM ${tasks} t
        WHERE t.expires_at_ms <= ${early('$1')} ORDER BY t.expires_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)
      SELECT count(*)::integer AS gone FROM gone`,
    serverTime: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, text]) => [name, { name: `${schema}_${name}`, text }]),
  ) as Readonly<Record<keyof typeof all, Statement>>;
}
