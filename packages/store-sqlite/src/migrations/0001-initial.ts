import type { Migration } from './migration.ts';

/**
 * Text that may hold anything (also NUL, which drivers cut TEXT at) is kept as a BLOB of UTF-8, and so compared by
 * bytes.
 * Instants and lengths are milliseconds; REAL gives every JavaScript number back as it was.
 */
export const initial: Migration = {
  version: 1,
  oldestCompatibleVersion: 1,
  sql: `
    CREATE TABLE mcp_tasks (
      seq INTEGER PRIMARY KEY,
      task_id BLOB NOT NULL UNIQUE,
      owner BLOB NOT NULL,
      version INTEGER NOT NULL,
      status TEXT NOT NULL,
      status_message BLOB,
      progress BLOB,
      created_at_ms REAL NOT NULL,
      last_updated_at_ms REAL NOT NULL,
      ttl_ms REAL NOT NULL,
      expires_at_ms REAL NOT NULL,
      poll_interval_ms REAL NOT NULL,
      handler BLOB NOT NULL,
      call_digest BLOB NOT NULL,
      ttl_requested INTEGER,
      attempt INTEGER NOT NULL,
      crash_count INTEGER NOT NULL,
      holder BLOB,
      due_at_ms REAL,
      open_questions BLOB NOT NULL,
      tool_error BLOB,
      idempotency_key BLOB,
      change_seq INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX mcp_tasks_by_owner ON mcp_tasks (owner, created_at_ms DESC, task_id DESC);
    CREATE INDEX mcp_tasks_by_quota ON mcp_tasks (owner, expires_at_ms, status);
    CREATE UNIQUE INDEX mcp_tasks_by_idempotency_key ON mcp_tasks (owner, idempotency_key)
      WHERE idempotency_key IS NOT NULL;
    CREATE INDEX mcp_tasks_by_due ON mcp_tasks (handler, due_at_ms)
      WHERE due_at_ms IS NOT NULL AND status IN ('working', 'input_required');
    CREATE INDEX mcp_tasks_by_expiry ON mcp_tasks (expires_at_ms);
    CREATE INDEX mcp_tasks_by_change ON mcp_tasks (change_seq);

    CREATE TABLE mcp_task_entries (
      seq INTEGER PRIMARY KEY,
      task_seq INTEGER NOT NULL,
      kind TEXT NOT NULL,
      name BLOB NOT NULL,
      value BLOB NOT NULL,
      UNIQUE (task_seq, kind, name)
    ) STRICT;
  `,
};
