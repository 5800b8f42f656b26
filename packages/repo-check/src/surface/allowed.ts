/** Why something public may be without a user that {@link unusedSurface} sees. `*` stands for anything. */
interface Allowance {
  readonly why: string;
  readonly keys: readonly string[];
}

/** A row that allows nothing which is unused fails: it is out of date. */
const ALLOWED: readonly Allowance[] = [
  {
    why: 'The protocol gives what a message has. Messages are described whole, with a schema for each.',
    keys: ['@mcp-tasks/wire *.*', '@mcp-tasks/wire *Schema', '@mcp-tasks/wire *_2025', '@mcp-tasks/wire *Result202*'],
  },
  {
    why: 'It goes to the handler or the listener of an author, who may read all of it.',
    keys: [
      '@mcp-tasks/runner AuthorizeRequest.*',
      '@mcp-tasks/runner Sampled.*',
      '@mcp-tasks/runner ScopeChallengeContext.*',
      '@mcp-tasks/runner StepContext.idempotencyKey',
      '@mcp-tasks/runner TaskEvent*.*',
      '@mcp-tasks/runner WorkflowStepInfo.*',
      '@mcp-tasks/workflow ResourceRequest.*',
    ],
  },
  {
    why: 'It is for executors of authors, who may run what was submitted in whichever way.',
    keys: ['@mcp-tasks/runner ExecutorHost.run', '@mcp-tasks/runner SubmittedTask.*'],
  },
  {
    why: 'It is handed on as it is: to the MCP SDK, to a driver, to a client.',
    keys: [
      '@mcp-tasks/runner ScopeChallenge.*',
      '@mcp-tasks/runner ToolOptions.icons.*',
      '@mcp-tasks/runner TraceContext.*',
      '@mcp-tasks/store-postgres PostgresQuery.*',
      '@mcp-tasks/workflow/serving PromptMessage.*',
    ],
  },
  {
    why: 'What an author wrote is checked field by field, without trust in its type.',
    keys: [
      '@mcp-tasks/workflow ClientStep.elicit',
      '@mcp-tasks/workflow CommonStepOptions.after',
      '@mcp-tasks/workflow ServerStep.resources',
      '@mcp-tasks/workflow ServerStep.timeoutMs',
      '@mcp-tasks/workflow Step.name',
      '@mcp-tasks/workflow StepQuestion.*',
      '@mcp-tasks/workflow UriTemplate.*',
      '@mcp-tasks/workflow When.is',
    ],
  },
  {
    why: 'It is read from stored JSON, or as part of a larger type of the same shape.',
    keys: [
      '@mcp-tasks/runner StoredCall.progressToken',
      '@mcp-tasks/workflow/serving RecordedOutcome.error.code',
      '@mcp-tasks/workflow/serving RecordedOutcome.thrown',
    ],
  },
  {
    why: 'An executor of an author calls it, or reads it.',
    keys: [
      '@mcp-tasks/runner ExecutorHost.run',
      '@mcp-tasks/runner SubmittedTask.owner',
      '@mcp-tasks/runner SubmittedTask.wake',
    ],
  },
  {
    why: 'Tests compare the whole object.',
    keys: ['@mcp-tasks/runner/testing TasksInspection.*', '@mcp-tasks/runner/testing ToolRun.*'],
  },
];

/** Findings that no row allows, and the keys of rows that allow none of them. */
export function judged(unused: readonly string[]): {
  readonly left: readonly string[];
  readonly stale: readonly string[];
} {
  const keys = ALLOWED.flatMap((row) => row.keys);
  return {
    left: unused.filter((found) => !keys.some((key) => fits(key, found))),
    stale: keys.filter((key) => !unused.some((found) => fits(key, found))),
  };
}

/** Tell whether a key covers a finding: `*` in a key stands for any text. */
function fits(key: string, found: string): boolean {
  const [first = '', ...others] = key.split('*');
  const last = others.pop();
  if (last === undefined) return found === key;
  if (!found.startsWith(first) || !found.endsWith(last)) return false;
  const end = found.length - last.length;
  let from = first.length;
  for (const part of others) {
    const at = found.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= end;
}
