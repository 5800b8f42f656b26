import type { Migration } from './migration.ts';

/**
 * What claims, write ids, joins and sums of bytes need.
 *
 * `lane` tells where a task with a due time stands: 0 = its time has not come, as far as a claim has looked; 1 = due,
 * without a holder; 2 = due, a lost run. Owners take turns among lanes 1 and 2 alone, so that tasks that sleep cost a
 * claim nothing.
 *
 * Triggers keep the sums of each owner, so that every statement that adds, changes or removes a task keeps them.
 *
 * A task that the first schema had queued has a holder, and its lease in `due_at_ms`: it never began, so it loses both.
 */
export const claims: Migration = {
  version: 2,
  oldestCompatibleVersion: 2,
  sql: `
    ALTER TABLE mcp_tasks RENAME COLUMN tool_error TO result_error;
    ALTER TABLE mcp_tasks ADD COLUMN write_id BLOB NOT NULL DEFAULT x'';
    ALTER TABLE mcp_tasks ADD COLUMN queue BLOB NOT NULL DEFAULT x'';
    ALTER TABLE mcp_tasks ADD COLUMN progress_at_ms REAL;
    ALTER TABLE mcp_tasks ADD COLUMN join_key BLOB;
    ALTER TABLE mcp_tasks ADD COLUMN join_state TEXT;
    ALTER TABLE mcp_tasks ADD COLUMN entry_bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE mcp_tasks ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
    DROP INDEX mcp_tasks_by_quota;
    DROP INDEX mcp_tasks_by_due;

    UPDATE mcp_tasks SET entry_bytes = (
      SELECT coalesce(sum(length(entry.name) + length(entry.value)), 0)
      FROM mcp_task_entries AS entry WHERE entry.task_seq = mcp_tasks.seq
    );
    UPDATE mcp_tasks SET holder = NULL, due_at_ms = min(due_at_ms, created_at_ms)
    WHERE attempt = 0 AND holder IS NOT NULL AND status IN ('working', 'input_required');

    CREATE INDEX mcp_tasks_by_status ON mcp_tasks (owner, status, expires_at_ms);
    CREATE INDEX mcp_tasks_by_due ON mcp_tasks (queue, handler, lane, due_at_ms, task_id, expires_at_ms)
      WHERE due_at_ms IS NOT NULL AND status IN ('working', 'input_required');
    CREATE INDEX mcp_tasks_by_turn ON mcp_tasks (queue, handler, lane, owner, due_at_ms, task_id, expires_at_ms)
      WHERE lane > 0 AND due_at_ms IS NOT NULL AND status IN ('working', 'input_required');
    CREATE INDEX mcp_tasks_by_join_key ON mcp_tasks (owner, join_key, created_at_ms DESC, task_id DESC)
      WHERE join_key IS NOT NULL AND join_state IS NOT NULL;

    CREATE TABLE mcp_task_owners (
      owner BLOB PRIMARY KEY,
      tasks INTEGER NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO mcp_task_owners SELECT owner, count(*), sum(entry_bytes) FROM mcp_tasks GROUP BY owner;
    CREATE TRIGGER mcp_tasks_added AFTER INSERT ON mcp_tasks BEGIN
      INSERT INTO mcp_task_owners VALUES (new.owner, 1, new.entry_bytes)
      ON CONFLICT (owner) DO UPDATE SET tasks = tasks + 1, bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER mcp_tasks_resized AFTER UPDATE OF entry_bytes ON mcp_tasks BEGIN
      UPDATE mcp_task_owners SET bytes = bytes + new.entry_bytes - old.entry_bytes WHERE owner = new.owner;
    END;
    CREATE TRIGGER mcp_tasks_removed AFTER DELETE ON mcp_tasks BEGIN
      UPDATE mcp_task_owners SET tasks = tasks - 1, bytes = bytes - old.entry_bytes WHERE owner = old.owner;
      DELETE FROM mcp_task_owners WHERE owner = old.owner AND tasks <= 0;
    END;

    CREATE TABLE mcp_task_claims (
      write_id BLOB PRIMARY KEY,
      task_seqs TEXT NOT NULL,
      until_ms REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX mcp_task_claims_by_end ON mcp_task_claims (until_ms);
  `,
};
