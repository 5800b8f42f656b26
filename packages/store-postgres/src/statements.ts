/** A parameterised statement; the name is used only where the connection keeps prepared statements. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Every statement of the store's daily work, for one schema (an identifier that is quoted already). */
export function statements(schema: string) {
  const tasks = `${schema}.tasks`;
  const entries = `${schema}.task_entries`;
  const head = `${schema}.head_json(t)`;
  const all = {
    create: `SELECT outcome, head FROM ${schema}.create_task($1::json, $2, $3, $4, $5, $6, $7, $8, $9)`,
    update: `SELECT outcome, head FROM ${schema}.update_task($1, $2, $3, $4::json, $5, $6, $7, $8, $9)`,
    getHeads: `SELECT t.task_id, ${head} AS head, NULL AS kind, NULL::bytea AS name, NULL AS value FROM ${tasks} t
      WHERE t.task_id = ANY($1) AND t.expires_at_ms > $2`,
    get: `SELECT t.task_id, ${head} AS head, NULL AS kind, NULL::bytea AS name, NULL AS value FROM ${tasks} t
      WHERE t.task_id = ANY($1) AND t.expires_at_ms > $2
      UNION ALL SELECT e.task_id, NULL, e.kind, e.name, e.value FROM ${entries} e JOIN ${tasks} t USING (task_id)
      WHERE e.task_id = ANY($1) AND t.expires_at_ms > $2 AND e.kind = ANY($3)`,
    listFirst: `SELECT ${head} AS head FROM ${tasks} t WHERE t.owner = $1 AND t.expires_at_ms > $2
      ORDER BY t.created_at_ms DESC, t.task_id COLLATE "C" DESC LIMIT $3`,
    listAfter: `SELECT ${head} AS head FROM ${tasks} t WHERE t.owner = $1 AND t.expires_at_ms > $2
      AND (t.created_at_ms, t.task_id COLLATE "C") < ($4, $5)
      ORDER BY t.created_at_ms DESC, t.task_id COLLATE "C" DESC LIMIT $3`,
    due: `SELECT ${head} AS head FROM ${tasks} t WHERE t.handler_json = ANY($1) AND t.due_at_ms <= $2 AND t.expires_at_ms > $2
      AND t.status IN ('working', 'input_required') ORDER BY t.due_at_ms LIMIT $3`,
    renew: `UPDATE ${tasks} t SET due_at_ms = $4 FROM unnest($1::text[], $2::bigint[], $3::text[]) AS lease (task_id, attempt, holder_json)
      WHERE t.task_id = lease.task_id AND t.attempt = lease.attempt AND t.holder_json = lease.holder_json AND t.expires_at_ms > $5
      AND t.status IN ('working', 'input_required') RETURNING ${head} AS head`,
    deleteExpired: `WITH gone AS (DELETE FROM ${tasks} WHERE task_id IN (SELECT t.task_id FROM ${tasks} t WHERE t.expires_at_ms <= $1
      ORDER BY t.expires_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*)::integer AS gone FROM gone`,
    serverTime: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, text]) => [name, { name: `mcp_tasks_${name}`, text }]),
  ) as Record<keyof typeof all, Statement>;
}
