/**
 * Make the function that writes a patch.
 *
 * It reads the task without a lock. What it computes from that (the growth in bytes) holds when the compare-and-set
 * finds the same version: every change of a task's entries makes another version.
 */
export const updateFunction = (schema: string): string => `
CREATE FUNCTION ${schema}.update_task(
  p_task_id text, p_version bigint, p_expected_write_id text, p_write_id text, p_now_ms bigint, p_max_bytes bigint,
  p_head json, p_kinds text[], p_names bytea[], p_values text[], p_delete_kinds text[], p_delete_names bytea[]
) RETURNS TABLE (outcome text, head text) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  v_old ${schema}.tasks;
  v_task ${schema}.tasks;
  v_growth bigint := 0;
  v_active integer;
BEGIN
  LOOP
    SELECT * INTO v_old FROM ${schema}.tasks t WHERE t.task_id = p_task_id AND t.expires_at_ms > p_now_ms;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 'not-found', NULL;
      RETURN;
    ELSIF v_old.write_id = p_write_id THEN
      RETURN QUERY SELECT 'updated', ${schema}.head_text(v_old);
      RETURN;
    ELSIF v_old.version <> p_version OR v_old.write_id <> p_expected_write_id THEN
      RETURN QUERY SELECT 'conflict', ${schema}.head_text(v_old);
      RETURN;
    END IF;

    IF cardinality(p_kinds) + cardinality(p_delete_kinds) > 0 THEN
      -- Lengths are read from the headers of values, never the values. Each entry is found by its key.
      v_growth := (SELECT COALESCE(sum(octet_length(put.name) + octet_length(put.value)), 0)
          FROM unnest(p_names, p_values) AS put (name, value))
        - (SELECT COALESCE(sum(stored.bytes), 0)
          FROM (SELECT DISTINCT key.kind, key.name
            FROM unnest(p_kinds || p_delete_kinds, p_names || p_delete_names) AS key (kind, name)) key
          CROSS JOIN LATERAL (SELECT octet_length(e.name) + octet_length(e.value) AS bytes FROM ${schema}.task_entries e
            WHERE e.task_id = p_task_id AND e.kind = key.kind AND e.name = key.name OFFSET 0) stored);
      IF v_growth > 0 AND (SELECT o.bytes FROM ${schema}.owners o WHERE o.owner = v_old.owner) + v_growth > p_max_bytes THEN
        RETURN QUERY SELECT 'over-quota', ${schema}.head_text(v_old);
        RETURN;
      END IF;
    END IF;

    BEGIN
      -- In a patch an absent field is SQL's NULL, and one to remove is JSON's null, which is not.
      UPDATE ${schema}.tasks t SET
        version = t.version + 1,
        write_id = p_write_id,
        entry_bytes = t.entry_bytes + v_growth,
        status = COALESCE(p_head->>'status', t.status),
        last_updated_at_ms = COALESCE((p_head->>'lastUpdatedAtMs')::bigint, t.last_updated_at_ms),
        ttl_ms = COALESCE((p_head->>'ttlMs')::bigint, t.ttl_ms),
        expires_at_ms = COALESCE((p_head->>'expiresAtMs')::bigint, t.expires_at_ms),
        due_at_ms = CASE WHEN p_head->'dueAtMs' IS NULL THEN t.due_at_ms ELSE (p_head->>'dueAtMs')::bigint END,
        is_ripe = CASE WHEN p_head->'dueAtMs' IS NULL THEN t.is_ripe
          ELSE COALESCE((p_head->>'dueAtMs')::bigint <= p_now_ms + 1000, false) END,
        attempt = COALESCE((p_head->>'attempt')::bigint, t.attempt),
        crash_count = COALESCE((p_head->>'crashCount')::bigint, t.crash_count),
        holder_json = CASE WHEN p_head->'holder' IS NULL THEN t.holder_json ELSE p_head->>'holder' END,
        status_message_json = CASE WHEN p_head->'statusMessage' IS NULL THEN t.status_message_json ELSE p_head->>'statusMessage' END,
        progress_json = CASE WHEN p_head->'progress' IS NULL THEN t.progress_json ELSE p_head->>'progress' END,
        progress_at_ms = CASE WHEN p_head->'progressAtMs' IS NULL THEN t.progress_at_ms ELSE (p_head->>'progressAtMs')::bigint END,
        open_questions_json = COALESCE(p_head->>'openQuestions', t.open_questions_json),
        result_error_json = CASE WHEN p_head->'resultError' IS NULL THEN t.result_error_json ELSE p_head->>'resultError' END,
        join_state = CASE WHEN p_head->'joinState' IS NULL THEN t.join_state ELSE p_head->>'joinState' END
      WHERE t.task_id = p_task_id AND t.version = p_version AND t.write_id = p_expected_write_id AND t.expires_at_ms > p_now_ms
      RETURNING t.* INTO v_task;
      CONTINUE WHEN NOT FOUND; -- another write was quicker
      IF cardinality(p_delete_kinds) > 0 THEN
        DELETE FROM ${schema}.task_entries e USING unnest(p_delete_kinds, p_delete_names) AS gone (kind, name)
        WHERE e.task_id = p_task_id AND e.kind = gone.kind AND e.name = gone.name;
      END IF;
      IF cardinality(p_kinds) > 0 THEN
        INSERT INTO ${schema}.task_entries AS e (task_id, kind, name, value)
        SELECT p_task_id, put.kind, put.name, put.value FROM unnest(p_kinds, p_names, p_values) AS put (kind, name, value)
        ON CONFLICT (task_id, kind, name) DO UPDATE SET value = EXCLUDED.value;
      END IF;
      v_active := (v_task.status IN ('working', 'input_required'))::integer
        - (v_old.status IN ('working', 'input_required'))::integer;
      -- The sums of the owner last, and only where they change: other writes of this owner wait for them.
      IF v_growth <> 0 OR v_active <> 0 THEN
        UPDATE ${schema}.owners o SET bytes = o.bytes + v_growth, active = o.active + v_active
        WHERE o.owner = v_task.owner AND (v_growth <= 0 OR p_max_bytes IS NULL OR o.bytes + v_growth <= p_max_bytes);
        IF NOT FOUND AND v_growth > 0 AND p_max_bytes IS NOT NULL THEN
          RAISE SQLSTATE 'MT001';
        END IF;
      END IF;
      RETURN QUERY SELECT 'updated', ${schema}.head_text(v_task);
      RETURN;
    EXCEPTION WHEN SQLSTATE 'MT001' THEN
      -- Other writes took the room that was there.
      RETURN QUERY SELECT 'over-quota', ${schema}.head_text(v_old);
      RETURN;
    END;
  END LOOP;
END
$$;
`;
