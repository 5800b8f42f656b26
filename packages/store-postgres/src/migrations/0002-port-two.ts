import { claimFunctions } from './0002-claim.ts';
import { createFunction } from './0002-create.ts';
import { removeFunctions } from './0002-remove.ts';
import { updateFunction } from './0002-update.ts';

/**
 * Port version 2: ids of writes, queues, join keys, sums of each owner, and claims.
 *
 * `is_ripe` says that a task may be due: a writer sets it for what is due at once, and a claim for what has become due.
 * Claims go through ripe tasks by owner, so what sleeps costs them nothing; they check `due_at_ms` all the same.
 *
 * The order of locks, so that no two calls wait for each other in a circle: rows of tasks first (those that a call takes
 * without waiting, else by id), then rows of owners, in the order of their bytes, as the last write of a transaction. So
 * the row of an owner, for which all of its creates and growing updates wait, is locked for one small write and the
 * commit.
 *
 * Tasks that the build before had queued (attempt 0) had a holder; queued tasks have none now, and are due at once.
 */
export const portTwo = (schema: string): string => `
DROP FUNCTION ${schema}.create_task(json, bytea, bytea, bigint, bigint, bigint, text[], bytea[], text[]);
DROP FUNCTION ${schema}.update_task(text, bigint, bigint, json, text[], bytea[], text[], text[], bytea[]);
DROP FUNCTION ${schema}.head_text(${schema}.tasks);
DROP INDEX ${schema}.tasks_due;
DROP INDEX ${schema}.tasks_owner_expires;

ALTER TABLE ${schema}.tasks RENAME COLUMN tool_error_json TO result_error_json;
ALTER TABLE ${schema}.tasks
  ADD COLUMN write_id text NOT NULL DEFAULT '',
  ADD COLUMN queue_json text NOT NULL DEFAULT '""',
  ADD COLUMN entry_bytes bigint NOT NULL DEFAULT 0,
  ADD COLUMN progress_at_ms bigint,
  ADD COLUMN join_key_json text,
  ADD COLUMN join_state text,
  ADD COLUMN claim_id text,
  ADD COLUMN is_ripe boolean NOT NULL DEFAULT false;

WITH present AS (SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now_ms),
  counted AS (
    SELECT e.task_id, sum(octet_length(e.name) + octet_length(e.value)) AS bytes FROM ${schema}.task_entries e GROUP BY e.task_id
  ),
  moved AS (
    SELECT t.task_id, COALESCE(counted.bytes, 0) AS bytes, queued.is_queued,
      CASE WHEN queued.is_queued THEN LEAST(t.due_at_ms, present.now_ms) ELSE t.due_at_ms END AS due_at_ms, present.now_ms
    FROM ${schema}.tasks t CROSS JOIN present LEFT JOIN counted USING (task_id)
      CROSS JOIN LATERAL (SELECT t.attempt = 0 AND t.holder_json IS NOT NULL AS is_queued) queued
  )
UPDATE ${schema}.tasks t SET
  entry_bytes = moved.bytes, due_at_ms = moved.due_at_ms, is_ripe = COALESCE(moved.due_at_ms <= moved.now_ms, false),
  holder_json = CASE WHEN moved.is_queued THEN NULL ELSE t.holder_json END
FROM moved WHERE moved.task_id = t.task_id;

CREATE INDEX tasks_owner_expires ON ${schema}.tasks (owner, expires_at_ms);
CREATE INDEX tasks_due ON ${schema}.tasks (queue_json, handler_json, is_ripe, due_at_ms, task_id COLLATE "C")
  WHERE due_at_ms IS NOT NULL AND status IN ('working', 'input_required');
CREATE INDEX tasks_turn ON ${schema}.tasks
  (queue_json, handler_json, (holder_json IS NULL), owner, due_at_ms, task_id COLLATE "C")
  WHERE is_ripe AND status IN ('working', 'input_required');
CREATE INDEX tasks_claim ON ${schema}.tasks (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX tasks_join ON ${schema}.tasks (owner, join_key_json, created_at_ms DESC, task_id COLLATE "C" DESC)
  WHERE join_key_json IS NOT NULL AND join_state IS NOT NULL;

-- Sums over the tasks of an owner, expired ones included: their number, how many are not terminal, bytes of entries.
CREATE TABLE ${schema}.owners (
  owner bytea PRIMARY KEY,
  tasks bigint NOT NULL,
  active bigint NOT NULL,
  bytes bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO ${schema}.owners
SELECT t.owner, count(*), count(*) FILTER (WHERE t.status IN ('working', 'input_required')), sum(t.entry_bytes)
FROM ${schema}.tasks t GROUP BY t.owner;

-- A head as JSON text. Nothing is decoded here: a damaged column is found by the reader, for that task alone.
CREATE FUNCTION ${schema}.head_text(t ${schema}.tasks) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'taskId', t.task_id, 'owner', encode(t.owner, 'base64'), 'version', t.version, 'writeId', t.write_id, 'status', t.status,
    'handler', t.handler_json, 'queue', t.queue_json, 'createdAtMs', t.created_at_ms, 'lastUpdatedAtMs', t.last_updated_at_ms,
    'ttlMs', t.ttl_ms, 'expiresAtMs', t.expires_at_ms, 'pollIntervalMs', t.poll_interval_ms, 'dueAtMs', t.due_at_ms,
    'attempt', t.attempt, 'crashCount', t.crash_count, 'holder', t.holder_json, 'callDigest', t.call_digest_json,
    'ttlRequested', t.ttl_requested, 'statusMessage', t.status_message_json, 'progress', t.progress_json,
    'progressAtMs', t.progress_at_ms, 'openQuestions', t.open_questions_json, 'resultError', t.result_error_json,
    'joinKey', t.join_key_json, 'joinState', t.join_state, 'entryBytes', t.entry_bytes)::text
$$;
${removeFunctions(schema)}${createFunction(schema)}${updateFunction(schema)}${claimFunctions(schema)}`;
