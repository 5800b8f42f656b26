/** Make the functions that remove expired tasks and keep the sums of their owners. */
export const removeFunctions = (schema: string): string => `
-- Take tasks that this transaction removed out of the sums of their owners. It locks the rows of these owners, and of one
-- more that the transaction will write, in order.
CREATE FUNCTION ${schema}.forget_tasks(p_removed ${schema}.tasks[], p_owner bytea DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  v_owners bytea[] := ARRAY(SELECT DISTINCT r.owner FROM unnest(p_removed) r);
BEGIN
  PERFORM 1 FROM ${schema}.owners o WHERE o.owner = ANY (v_owners || p_owner) ORDER BY o.owner FOR NO KEY UPDATE;
  UPDATE ${schema}.owners o
  SET tasks = o.tasks - gone.tasks, active = o.active - gone.active, bytes = o.bytes - gone.bytes
  FROM (
    SELECT r.owner, count(*) AS tasks, count(*) FILTER (WHERE r.status IN ('working', 'input_required')) AS active,
      sum(r.entry_bytes) AS bytes
    FROM unnest(p_removed) r GROUP BY r.owner
  ) gone
  WHERE o.owner = gone.owner;
  DELETE FROM ${schema}.owners o WHERE o.owner = ANY (v_owners) AND o.tasks = 0;
END
$$;

CREATE FUNCTION ${schema}.delete_expired(p_now_ms bigint, p_limit bigint)
RETURNS TABLE (head text) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  v_removed ${schema}.tasks[];
BEGIN
  WITH gone AS (
    DELETE FROM ${schema}.tasks t WHERE t.task_id = ANY (ARRAY(
      SELECT old.task_id FROM ${schema}.tasks old WHERE old.expires_at_ms <= p_now_ms
      ORDER BY old.expires_at_ms LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING t AS task
  )
  SELECT array_agg(gone.task ORDER BY (gone.task).expires_at_ms) INTO v_removed FROM gone;
  IF v_removed IS NOT NULL THEN
    PERFORM ${schema}.forget_tasks(v_removed);
  END IF;
  RETURN QUERY SELECT ${schema}.head_text(r) FROM unnest(v_removed) r;
END
$$;
`;
