const active = (t: string): string => `${t}.status IN ('working', 'input_required')`;

const dueAndLive = (t: string): string =>
  `${t}.due_at_ms <= p_now_ms AND ${t}.expires_at_ms > p_now_ms AND ${active(t)}`;

/** Count the crashes of a task as they will be after the claim. */
const crashCount = (t: string): string =>
  `${t}.crash_count + (${t}.holder_json IS NOT NULL AND ${t}.holder_json <> p_holder)::integer`;

/** Find the crash count from which on a task of this handler is a suspect. */
const suspectFrom = (t: string): string =>
  `COALESCE(p_suspect_from[array_position(p_handlers, ${t}.handler_json)], 9223372036854775807)`;

/**
 * Make the functions that claim tasks.
 *
 * Candidates are found without locks, the longest due first, some more than are wanted; the first of them that no other
 * call has locked are claimed. So claims that run at the same time take different tasks, and wait for nothing.
 */
export const claimFunctions = (schema: string): string => `
-- Claim candidates, the first ones first. Answers how many, and how many of them are suspects.
CREATE FUNCTION ${schema}.claim_candidates(
  p_task_ids text[], p_limit bigint, p_takes_suspects boolean, p_handlers text[], p_suspect_from bigint[], p_queues text[],
  p_holder text, p_write_id text, p_lease_ms bigint, p_takes_lost boolean, p_now_ms bigint
) RETURNS TABLE (claimed bigint, suspects bigint) LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY WITH changed AS (
    UPDATE ${schema}.tasks t SET
      version = t.version + 1, write_id = p_write_id, claim_id = p_write_id, attempt = t.attempt + 1,
      crash_count = t.crash_count + (t.holder_json IS DISTINCT FROM p_holder AND t.holder_json IS NOT NULL)::integer,
      holder_json = p_holder, due_at_ms = p_now_ms + p_lease_ms, is_ripe = false,
      last_updated_at_ms = GREATEST(t.last_updated_at_ms, p_now_ms)
    WHERE t.task_id = ANY (ARRAY(
      -- One by one in their order, by their ids alone: what is read here is locked, and as it is now.
      SELECT free.task_id FROM unnest(p_task_ids) AS candidate (task_id)
        CROSS JOIN LATERAL (SELECT one.* FROM ${schema}.tasks one WHERE one.task_id = candidate.task_id
          OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED) free
      WHERE ${dueAndLive('free')} AND (p_takes_lost OR free.holder_json IS NULL)
        AND free.handler_json = ANY (p_handlers) AND free.queue_json = ANY (p_queues)
        AND (p_takes_suspects OR ${crashCount('free')} < ${suspectFrom('free')})
      LIMIT p_limit))
    RETURNING t.crash_count, t.handler_json
  )
  SELECT count(*), count(*) FILTER (WHERE changed.crash_count >= ${suspectFrom('changed')}) FROM changed;
END
$$;

CREATE FUNCTION ${schema}.claim_tasks(
  p_handlers text[], p_suspect_from bigint[], p_queues text[], p_task_ids text[], p_holder text, p_write_id text,
  p_lease_ms bigint, p_limit bigint, p_per_owner bigint, p_room_owners bytea[], p_rooms bigint[], p_after bytea,
  p_suspects bigint, p_takes_lost boolean, p_kinds text[], p_now_ms bigint
) RETURNS TABLE (task_id text, head text, kind text, name text, value text, last_owner text, next_due_at_ms bigint, is_again boolean)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_looks bigint := 64 + 4 * p_limit;
  v_left bigint := p_limit;
  v_suspects bigint := p_suspects;
  -- The groups (handler, queue, tasks without a holder or lost runs) that have a ripe task.
  v_handlers text[];
  v_queues text[];
  v_is_free boolean[];
  v_owner bytea;
  v_last_owner bytea;
  -- The next owner is this one or later: the bytes of the last one and a zero.
  v_from bytea := COALESCE(p_after || '\\x00', '');
  v_is_round boolean := p_after IS NULL;
  v_room bigint;
  v_wanted bigint;
  v_look_ahead bigint;
  v_ids text[];
  v_claimed bigint;
  v_new_suspects bigint;
  v_is_again boolean;
BEGIN
  -- The same claim, sent again before the first one ended, waits here for its end.
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema} ' || p_write_id, 2));
  v_is_again := EXISTS (SELECT FROM ${schema}.tasks t WHERE t.claim_id = p_write_id);

  IF NOT v_is_again AND p_task_ids IS NULL THEN
    -- Some of what has become due since the last claim, the longest due first.
    UPDATE ${schema}.tasks t SET is_ripe = true WHERE t.task_id = ANY (ARRAY(
      SELECT found.task_id FROM unnest(p_queues) AS q (queue) CROSS JOIN unnest(p_handlers) AS h (handler)
        CROSS JOIN LATERAL (SELECT t.task_id, t.due_at_ms FROM ${schema}.tasks t
          WHERE t.queue_json = q.queue AND t.handler_json = h.handler AND NOT t.is_ripe AND ${dueAndLive('t')}
          ORDER BY t.due_at_ms, t.task_id COLLATE "C" LIMIT v_looks FOR NO KEY UPDATE SKIP LOCKED) found
      ORDER BY found.due_at_ms LIMIT v_looks));
    SELECT array_agg(h.handler), array_agg(q.queue), array_agg(f.is_free) INTO v_handlers, v_queues, v_is_free
    FROM unnest(p_queues) AS q (queue) CROSS JOIN unnest(p_handlers) AS h (handler)
      CROSS JOIN unnest(CASE WHEN p_takes_lost THEN ARRAY[true, false] ELSE ARRAY[true] END) AS f (is_free)
      CROSS JOIN LATERAL (SELECT FROM ${schema}.tasks t WHERE t.queue_json = q.queue AND t.handler_json = h.handler
        AND (t.holder_json IS NULL) = f.is_free AND t.is_ripe AND ${active('t')} LIMIT 1) found;

    WHILE v_left > 0 AND v_looks > 0 AND v_handlers IS NOT NULL LOOP
      v_owner := (SELECT next.owner FROM unnest(v_queues, v_handlers, v_is_free) AS g (queue, handler, is_free)
        CROSS JOIN LATERAL (SELECT t.owner FROM ${schema}.tasks t
          WHERE t.queue_json = g.queue AND t.handler_json = g.handler AND (t.holder_json IS NULL) = g.is_free
            AND t.is_ripe AND ${dueAndLive('t')}
            AND t.owner >= v_from
          ORDER BY t.owner LIMIT 1) next
        ORDER BY next.owner LIMIT 1);
      IF v_owner IS NULL AND NOT v_is_round THEN
        v_is_round := true;
        v_from := '';
        CONTINUE;
      END IF;
      EXIT WHEN v_owner IS NULL OR v_is_round AND v_owner > p_after;
      v_looks := v_looks - 1;
      v_last_owner := v_owner;
      v_from := v_owner || '\\x00';
      v_room := LEAST(v_left, COALESCE((SELECT room.size FROM unnest(p_room_owners, p_rooms) AS room (owner, size)
        WHERE room.owner = v_owner LIMIT 1), p_per_owner));
      v_look_ahead := v_room + 16;
      WHILE v_room > 0 LOOP
        -- While both suspects and others may come, no more at a time than there may be suspects.
        v_wanted := CASE WHEN v_suspects > 0 THEN LEAST(v_room, v_suspects) ELSE v_room END;
        v_ids := ARRAY(SELECT found.task_id FROM unnest(v_queues, v_handlers, v_is_free) AS g (queue, handler, is_free)
          CROSS JOIN LATERAL (SELECT t.task_id, t.due_at_ms FROM ${schema}.tasks t
            WHERE t.queue_json = g.queue AND t.handler_json = g.handler AND (t.holder_json IS NULL) = g.is_free
              AND t.owner = v_owner AND t.is_ripe AND ${dueAndLive('t')} AND (v_suspects > 0 OR ${crashCount('t')} < ${suspectFrom('t')})
            ORDER BY t.due_at_ms, t.task_id COLLATE "C" LIMIT v_look_ahead) found
          ORDER BY found.due_at_ms, found.task_id COLLATE "C" LIMIT v_look_ahead);
        EXIT WHEN v_ids = '{}';
        SELECT c.claimed, c.suspects INTO v_claimed, v_new_suspects FROM ${schema}.claim_candidates(v_ids, v_wanted,
          v_suspects > 0, p_handlers, p_suspect_from, p_queues, p_holder, p_write_id, p_lease_ms, p_takes_lost, p_now_ms) c;
        v_room := v_room - v_claimed;
        v_left := v_left - v_claimed;
        v_suspects := v_suspects - v_new_suspects;
        IF v_claimed < v_wanted THEN
          -- The rest of the candidates was locked. Where more may follow, look further, and some time later no further.
          EXIT WHEN cardinality(v_ids) < v_look_ahead OR v_look_ahead > 1000;
          v_look_ahead := v_look_ahead * 8;
        END IF;
      END LOOP;
    END LOOP;
  ELSIF NOT v_is_again THEN
    v_ids := p_task_ids;
    WHILE v_left > 0 LOOP
      v_wanted := CASE WHEN v_suspects > 0 THEN LEAST(v_left, v_suspects) ELSE v_left END;
      SELECT c.claimed, c.suspects INTO v_claimed, v_new_suspects FROM ${schema}.claim_candidates(v_ids, v_wanted,
        v_suspects > 0, p_handlers, p_suspect_from, p_queues, p_holder, p_write_id, p_lease_ms, p_takes_lost, p_now_ms) c;
      v_left := v_left - v_claimed;
      v_suspects := v_suspects - v_new_suspects;
      EXIT WHEN v_claimed < v_wanted;
    END LOOP;
  END IF;

  v_ids := ARRAY(SELECT t.task_id FROM ${schema}.tasks t
    WHERE t.claim_id = p_write_id AND t.write_id = p_write_id AND t.expires_at_ms > p_now_ms);
  RETURN QUERY SELECT t.task_id, ${schema}.head_text(t), NULL, NULL, NULL, NULL, NULL::bigint, NULL::boolean
    FROM ${schema}.tasks t WHERE t.task_id = ANY (v_ids);
  RETURN QUERY SELECT e.task_id, NULL, e.kind, encode(e.name, 'base64'), e.value, NULL, NULL::bigint, NULL::boolean
    FROM ${schema}.task_entries e WHERE e.task_id = ANY (v_ids) AND e.kind = ANY (p_kinds);
  RETURN QUERY SELECT NULL, NULL, NULL, NULL, NULL, encode(v_last_owner, 'base64'),
    (SELECT min(next.due_at_ms) FROM unnest(p_queues) AS q (queue) CROSS JOIN unnest(p_handlers) AS h (handler)
      CROSS JOIN unnest(ARRAY[true, false]) AS r (is_ripe)
      CROSS JOIN LATERAL (SELECT t.due_at_ms FROM ${schema}.tasks t
        WHERE t.queue_json = q.queue AND t.handler_json = h.handler AND t.is_ripe = r.is_ripe AND t.due_at_ms IS NOT NULL
          AND t.expires_at_ms > p_now_ms AND ${active('t')}
        ORDER BY t.due_at_ms LIMIT 1) next), v_is_again;
END
$$;
`;
