/**
 * Make the tables, the indexes and the functions that write a record in one call.
 *
 * Text that may hold NUL is passed and kept as JSON text, which escapes it (equal texts stay equal). Owners,
 * idempotency keys and entry names are bytes. plpgsql takes a new snapshot for each statement (at READ COMMITTED, which
 * `open` requires), so a function reads the present once it has its lock.
 */
export const initial = (schema: string): string => `
CREATE TABLE ${schema}.tasks (
  task_id text PRIMARY KEY,
  owner bytea NOT NULL,
  idempotency_key bytea,
  version bigint NOT NULL,
  status text NOT NULL,
  handler_json text NOT NULL,
  created_at_ms bigint NOT NULL,
  last_updated_at_ms bigint NOT NULL,
  ttl_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  poll_interval_ms bigint NOT NULL,
  due_at_ms bigint,
  attempt bigint NOT NULL,
  crash_count bigint NOT NULL,
  holder_json text,
  call_digest_json text NOT NULL,
  ttl_requested boolean,
  status_message_json text,
  progress_json text,
  open_questions_json text NOT NULL,
  tool_error_json text
) WITH (fillfactor = 80);

CREATE INDEX tasks_owner_created ON ${schema}.tasks (owner, created_at_ms DESC, task_id COLLATE "C" DESC);
CREATE INDEX tasks_owner_expires ON ${schema}.tasks (owner, expires_at_ms, status);
CREATE UNIQUE INDEX tasks_idempotency ON ${schema}.tasks (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX tasks_due ON ${schema}.tasks (handler_json, due_at_ms)
  WHERE due_at_ms IS NOT NULL AND status IN ('working', 'input_required');
CREATE INDEX tasks_expires ON ${schema}.tasks (expires_at_ms);

CREATE TABLE ${schema}.task_entries (
  task_id text NOT NULL REFERENCES ${schema}.tasks (task_id) ON DELETE CASCADE,
  kind text NOT NULL,
  name bytea NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (task_id, kind, name)
);

-- A head as JSON text. Nothing is decoded here: a damaged column is found by the reader, for that task alone.
CREATE FUNCTION ${schema}.head_text(t ${schema}.tasks) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'taskId', t.task_id, 'owner', encode(t.owner, 'base64'), 'version', t.version, 'status', t.status,
    'handler', t.handler_json, 'createdAtMs', t.created_at_ms, 'lastUpdatedAtMs', t.last_updated_at_ms, 'ttlMs', t.ttl_ms,
    'expiresAtMs', t.expires_at_ms, 'pollIntervalMs', t.poll_interval_ms, 'dueAtMs', t.due_at_ms, 'attempt', t.attempt,
    'crashCount', t.crash_count, 'holder', t.holder_json, 'callDigest', t.call_digest_json, 'ttlRequested', t.ttl_requested,
    'statusMessage', t.status_message_json, 'progress', t.progress_json, 'openQuestions', t.open_questions_json,
    'toolError', t.tool_error_json)::text
$$;

CREATE FUNCTION ${schema}.create_task(
  p_head json, p_owner bytea, p_key bytea, p_max_active bigint, p_max_stored bigint, p_now_ms bigint,
  p_kinds text[], p_names bytea[], p_values text[]
) RETURNS TABLE (outcome text, head text) LANGUAGE plpgsql AS $$
DECLARE
  v_task ${schema}.tasks;
  v_id text := p_head->>'taskId';
  v_active bigint;
  v_stored bigint;
BEGIN
  -- One creator per owner at a time: whoever waited here counts afterwards, with a new snapshot.
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema} ' || encode(p_owner, 'hex'), 0));
  SELECT * INTO v_task FROM ${schema}.tasks t WHERE t.task_id = v_id AND t.expires_at_ms > p_now_ms;
  IF NOT FOUND AND p_key IS NOT NULL THEN
    SELECT * INTO v_task FROM ${schema}.tasks t
    WHERE t.owner = p_owner AND t.idempotency_key = p_key AND t.expires_at_ms > p_now_ms;
  END IF;
  IF FOUND THEN
    RETURN QUERY SELECT 'existing', ${schema}.head_text(v_task);
    RETURN;
  END IF;
  SELECT count(*) FILTER (WHERE t.status IN ('working', 'input_required')), count(*) INTO v_active, v_stored
  FROM ${schema}.tasks t WHERE t.owner = p_owner AND t.expires_at_ms > p_now_ms;
  IF v_active >= p_max_active OR v_stored >= p_max_stored THEN
    RETURN QUERY SELECT CASE WHEN v_active >= p_max_active THEN 'over-active' ELSE 'over-stored' END, NULL;
    RETURN;
  END IF;
  -- Expired tasks free their id and their key.
  DELETE FROM ${schema}.tasks t WHERE t.task_id = v_id AND t.expires_at_ms <= p_now_ms;
  IF p_key IS NOT NULL THEN
    UPDATE ${schema}.tasks t SET idempotency_key = NULL WHERE t.owner = p_owner AND t.idempotency_key = p_key;
  END IF;
  INSERT INTO ${schema}.tasks AS t (
    task_id, owner, idempotency_key, version, status, handler_json, created_at_ms, last_updated_at_ms, ttl_ms,
    expires_at_ms, poll_interval_ms, due_at_ms, attempt, crash_count, holder_json, call_digest_json, ttl_requested,
    status_message_json, progress_json, open_questions_json, tool_error_json
  ) VALUES (
    v_id, p_owner, p_key, (p_head->>'version')::bigint, p_head->>'status', p_head->>'handler',
    (p_head->>'createdAtMs')::bigint, (p_head->>'lastUpdatedAtMs')::bigint, (p_head->>'ttlMs')::bigint,
    (p_head->>'expiresAtMs')::bigint, (p_head->>'pollIntervalMs')::bigint, (p_head->>'dueAtMs')::bigint,
    (p_head->>'attempt')::bigint, (p_head->>'crashCount')::bigint, p_head->>'holder', p_head->>'callDigest',
    (p_head->>'ttlRequested')::boolean, p_head->>'statusMessage', p_head->>'progress', p_head->>'openQuestions',
    p_head->>'toolError'
  ) ON CONFLICT (task_id) DO NOTHING RETURNING t.* INTO v_task;
  IF NOT FOUND THEN -- another owner's create of this id was quicker
    RETURN QUERY SELECT 'existing', ${schema}.head_text(t) FROM ${schema}.tasks t WHERE t.task_id = v_id;
    RETURN;
  END IF;
  INSERT INTO ${schema}.task_entries (task_id, kind, name, value)
  SELECT v_id, e.kind, e.name, e.value FROM unnest(p_kinds, p_names, p_values) AS e (kind, name, value);
  RETURN QUERY SELECT 'created', ${schema}.head_text(v_task);
END
$$;

CREATE FUNCTION ${schema}.update_task(
  p_task_id text, p_version bigint, p_now_ms bigint, p_head json,
  p_kinds text[], p_names bytea[], p_values text[], p_delete_kinds text[], p_delete_names bytea[]
) RETURNS TABLE (outcome text, head text) LANGUAGE plpgsql AS $$
DECLARE
  v_task ${schema}.tasks;
BEGIN
  -- In a patch an absent field is SQL's NULL, and one to remove is JSON's null, which is not.
  UPDATE ${schema}.tasks t SET
    version = t.version + 1,
    status = COALESCE(p_head->>'status', t.status),
    last_updated_at_ms = COALESCE((p_head->>'lastUpdatedAtMs')::bigint, t.last_updated_at_ms),
    ttl_ms = COALESCE((p_head->>'ttlMs')::bigint, t.ttl_ms),
    expires_at_ms = COALESCE((p_head->>'expiresAtMs')::bigint, t.expires_at_ms),
    due_at_ms = CASE WHEN p_head->'dueAtMs' IS NULL THEN t.due_at_ms ELSE (p_head->>'dueAtMs')::bigint END,
    attempt = COALESCE((p_head->>'attempt')::bigint, t.attempt),
    crash_count = COALESCE((p_head->>'crashCount')::bigint, t.crash_count),
    holder_json = CASE WHEN p_head->'holder' IS NULL THEN t.holder_json ELSE p_head->>'holder' END,
    status_message_json = CASE WHEN p_head->'statusMessage' IS NULL THEN t.status_message_json ELSE p_head->>'statusMessage' END,
    progress_json = CASE WHEN p_head->'progress' IS NULL THEN t.progress_json ELSE p_head->>'progress' END,
    open_questions_json = COALESCE(p_head->>'openQuestions', t.open_questions_json),
    tool_error_json = CASE WHEN p_head->'toolError' IS NULL THEN t.tool_error_json ELSE p_head->>'toolError' END
  WHERE t.task_id = p_task_id AND t.version = p_version AND t.expires_at_ms > p_now_ms
  RETURNING t.* INTO v_task;
  IF NOT FOUND THEN
    SELECT * INTO v_task FROM ${schema}.tasks t WHERE t.task_id = p_task_id AND t.expires_at_ms > p_now_ms;
    IF FOUND THEN
      RETURN QUERY SELECT 'conflict', ${schema}.head_text(v_task);
    ELSE
      RETURN QUERY SELECT 'not-found', NULL;
    END IF;
    RETURN;
  END IF;
  DELETE FROM ${schema}.task_entries e USING unnest(p_delete_kinds, p_delete_names) AS gone (kind, name)
  WHERE e.task_id = p_task_id AND e.kind = gone.kind AND e.name = gone.name;
  INSERT INTO ${schema}.task_entries AS e (task_id, kind, name, value)
  SELECT p_task_id, put.kind, put.name, put.value FROM unnest(p_kinds, p_names, p_values) AS put (kind, name, value)
  ON CONFLICT (task_id, kind, name) DO UPDATE SET value = EXCLUDED.value;
  RETURN QUERY SELECT 'updated', ${schema}.head_text(v_task);
END
$$;
`;
