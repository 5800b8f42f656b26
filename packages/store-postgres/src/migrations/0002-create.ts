/**
 * Make the function that stores a task.
 *
 * Everything is looked at without a lock first; the sums of the owner, in the last write, decide. A create that finds
 * there that another was quicker takes its task back, and looks again.
 */
export const createFunction = (schema: string): string => `
CREATE FUNCTION ${schema}.create_task(
  p_head json, p_owner bytea, p_key bytea, p_max_active bigint, p_max_stored bigint, p_max_bytes bigint, p_now_ms bigint,
  p_kinds text[], p_names bytea[], p_values text[]
) RETURNS TABLE (outcome text, head text, retryable boolean) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  v_task ${schema}.tasks;
  v_id text := p_head->>'taskId';
  v_bytes bigint := (
    SELECT COALESCE(sum(octet_length(e.name) + octet_length(e.value)), 0) FROM unnest(p_names, p_values) AS e (name, value));
  v_tasks_stored bigint;
  v_bytes_stored bigint;
  v_active bigint;
  -- Tasks that this create removed, and that the sums of the owners still count.
  v_removed ${schema}.tasks[] := '{}';
  v_has_made_room boolean := false;
  v_outcome text;
BEGIN
  LOOP
    SELECT * INTO v_task FROM ${schema}.tasks t WHERE t.task_id = v_id AND t.expires_at_ms > p_now_ms;
    IF NOT FOUND AND p_key IS NOT NULL THEN
      SELECT * INTO v_task FROM ${schema}.tasks t
      WHERE t.owner = p_owner AND t.idempotency_key = p_key AND t.expires_at_ms > p_now_ms;
    END IF;
    IF FOUND THEN
      v_outcome := 'existing';
      EXIT;
    END IF;

    -- In one statement, so that both come from one moment. Expired tasks are looked for only where they could decide.
    SELECT o.tasks - cardinality(v_removed), o.bytes - (SELECT COALESCE(sum(r.entry_bytes), 0) FROM unnest(v_removed) r),
      o.active - (SELECT count(*) FROM unnest(v_removed) r WHERE r.status IN ('working', 'input_required'))
        - (SELECT count(*) FROM (
          SELECT 1 FROM ${schema}.tasks t WHERE t.owner = o.owner AND t.expires_at_ms <= p_now_ms
            AND t.status IN ('working', 'input_required') LIMIT GREATEST(o.active - p_max_active + 1, 0)) expired)
    INTO v_tasks_stored, v_bytes_stored, v_active FROM ${schema}.owners o WHERE o.owner = p_owner;
    IF COALESCE(v_active, 0) >= p_max_active THEN
      v_outcome := 'over-active';
      EXIT;
    END IF;
    v_outcome := CASE WHEN COALESCE(v_tasks_stored, 0) >= p_max_stored THEN 'over-stored'
      WHEN COALESCE(v_bytes_stored, 0) + v_bytes > p_max_bytes THEN 'over-bytes' END;
    IF v_outcome IS NOT NULL THEN
      EXIT WHEN v_has_made_room;
      v_has_made_room := true;
      WITH gone AS (
        DELETE FROM ${schema}.tasks t WHERE t.task_id = ANY (ARRAY(
          SELECT old.task_id FROM ${schema}.tasks old WHERE old.owner = p_owner AND old.expires_at_ms <= p_now_ms
          ORDER BY old.expires_at_ms LIMIT 100 FOR UPDATE SKIP LOCKED))
        RETURNING t AS task
      )
      SELECT v_removed || COALESCE(array_agg(gone.task), '{}') INTO v_removed FROM gone;
      CONTINUE;
    END IF;

    BEGIN
      INSERT INTO ${schema}.tasks AS t (
        task_id, owner, idempotency_key, version, write_id, status, handler_json, queue_json, created_at_ms,
        last_updated_at_ms, ttl_ms, expires_at_ms, poll_interval_ms, due_at_ms, is_ripe, attempt, crash_count, holder_json,
        call_digest_json, ttl_requested, status_message_json, progress_json, progress_at_ms, open_questions_json,
        result_error_json, join_key_json, join_state, entry_bytes
      ) VALUES (
        v_id, p_owner, p_key, (p_head->>'version')::bigint, p_head->>'writeId', p_head->>'status', p_head->>'handler',
        p_head->>'queue', (p_head->>'createdAtMs')::bigint, (p_head->>'lastUpdatedAtMs')::bigint,
        (p_head->>'ttlMs')::bigint, (p_head->>'expiresAtMs')::bigint, (p_head->>'pollIntervalMs')::bigint,
        (p_head->>'dueAtMs')::bigint, COALESCE((p_head->>'dueAtMs')::bigint <= p_now_ms + 1000, false),
        (p_head->>'attempt')::bigint, (p_head->>'crashCount')::bigint, p_head->>'holder', p_head->>'callDigest',
        (p_head->>'ttlRequested')::boolean, p_head->>'statusMessage', p_head->>'progress', (p_head->>'progressAtMs')::bigint,
        p_head->>'openQuestions', p_head->>'resultError', p_head->>'joinKey', p_head->>'joinState', v_bytes
      ) ON CONFLICT DO NOTHING RETURNING t.* INTO v_task;
      IF NOT FOUND THEN
        -- Another create of this id or key was quicker, or an expired task has it: that one gives it up.
        WITH gone AS (
          DELETE FROM ${schema}.tasks t WHERE t.task_id = v_id AND t.expires_at_ms <= p_now_ms RETURNING t AS task
        )
        SELECT v_removed || COALESCE(array_agg(gone.task), '{}') INTO v_removed FROM gone;
        UPDATE ${schema}.tasks t SET idempotency_key = NULL
        WHERE t.owner = p_owner AND t.idempotency_key = p_key AND t.expires_at_ms <= p_now_ms;
        CONTINUE;
      END IF;
      INSERT INTO ${schema}.task_entries (task_id, kind, name, value)
      SELECT v_id, e.kind, e.name, e.value FROM unnest(p_kinds, p_names, p_values) AS e (kind, name, value);

      IF cardinality(v_removed) > 0 THEN
        PERFORM ${schema}.forget_tasks(v_removed, p_owner);
      END IF;
      INSERT INTO ${schema}.owners AS o (owner, tasks, active, bytes)
      VALUES (p_owner, 1, (v_task.status IN ('working', 'input_required'))::integer, v_bytes)
      ON CONFLICT (owner) DO UPDATE
        SET tasks = o.tasks + 1, active = o.active + EXCLUDED.active, bytes = o.bytes + EXCLUDED.bytes
        WHERE o.tasks < p_max_stored AND o.bytes + v_bytes <= p_max_bytes
      RETURNING o.active INTO v_active;
      IF NOT FOUND OR v_active > p_max_active AND v_active - (SELECT count(*) FROM (
        SELECT 1 FROM ${schema}.tasks t WHERE t.owner = p_owner AND t.expires_at_ms <= p_now_ms
          AND t.status IN ('working', 'input_required') LIMIT GREATEST(v_active - p_max_active, 0)) expired) > p_max_active
      THEN
        RAISE SQLSTATE 'MT001';
      END IF;
      RETURN QUERY SELECT 'created', ${schema}.head_text(v_task), NULL::boolean;
      RETURN;
    EXCEPTION WHEN SQLSTATE 'MT001' THEN
      NULL; -- other creates took the room that was there: decide again
    END;
  END LOOP;
  IF cardinality(v_removed) > 0 THEN
    PERFORM ${schema}.forget_tasks(v_removed, p_owner);
  END IF;
  IF v_outcome = 'existing' THEN
    RETURN QUERY SELECT v_outcome, ${schema}.head_text(v_task), NULL::boolean;
  ELSE
    RETURN QUERY SELECT v_outcome, NULL, v_outcome <> 'over-active' AND EXISTS (
      SELECT FROM ${schema}.tasks t WHERE t.owner = p_owner AND t.expires_at_ms <= p_now_ms);
  END IF;
END
$$;
`;
