import { createTasks } from '@mcp-tasks/runner';
import { applyHeadPatch, DEFAULT_LIMITS, type TaskEntry, type TaskHead, type TaskRecord } from '@mcp-tasks/store';
import type { Verdict } from '@mcp-tasks/store/rules';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definitionsOf } from '../../src/definition/registered.ts';
import { type Advance, advance, type AdvanceOptions } from '../../src/engine/advance.ts';
import { workflow } from '../../src/index.ts';
import type { StepReport } from '../../src/plan/outcome.ts';
import { structured, text } from '../support/layer.ts';

const HEAD: TaskHead = {
  taskId: 't',
  owner: 'alice',
  version: 1,
  writeId: 'first',
  status: 'working',
  createdAtMs: 0,
  lastUpdatedAtMs: 0,
  ttlMs: 60_000,
  expiresAtMs: 60_000,
  pollIntervalMs: 1_000,
  handler: 'w',
  callDigest: '',
  attempt: 1,
  crashCount: 1,
  holder: 'p',
  dueAtMs: 10_000,
  openQuestions: [],
  queue: '',
  entryBytes: 0,
};

function setUp() {
  const tasks = createTasks();
  const tool = tasks.tool('tool', {}, () => text(''));
  workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
    step('one', { tool });
    step('ask', { client: true, elicit: { message: 'Well?', schema: z.object({ yes: z.boolean() }) } });
    step('two', { tool });
  });
  const definition = definitionsOf(tasks).get('w');
  if (definition === undefined) throw new TypeError('unreachable');
  const [one, ask] = definition.steps;
  if (one === undefined || ask === undefined) throw new TypeError('unreachable');
  const options: AdvanceOptions = {
    definition,
    limits: DEFAULT_LIMITS,
    keepResultMs: 1_000,
    lease: { taskId: 't', attempt: 1, holder: 'p' },
    arguments: {},
    checked: new Map([
      ['one', undefined],
      ['two', undefined],
    ]),
  };
  const decide = (record: TaskRecord, more: Partial<AdvanceOptions> = {}) =>
    advance({ ...options, ...more })(record, 1_000);
  return { one, ask, decide };
}

/** The record after what a rule decided. */
function written(record: TaskRecord, verdict: Verdict<Advance>): TaskRecord {
  if (verdict.kind !== 'write') throw new TypeError(`the rule wrote nothing: ${verdict.kind}`);
  const { head, put = [] } = verdict.patch;
  const isReplaced = (entry: TaskEntry) => put.some(({ kind, name }) => kind === entry.kind && name === entry.name);
  const entries = [...record.entries.filter((entry) => !isReplaced(entry)), ...put];
  return { head: applyHeadPatch(record.head, head, { writeId: `write ${record.head.version + 1}` }), entries };
}

function next(verdict: Verdict<Advance>) {
  if (verdict.kind === 'refused') throw verdict.error;
  const { next: decided } = verdict.value;
  return 'step' in decided ? `${decided.kind} ${decided.step.name}` : decided.kind;
}

const fresh: TaskRecord = { head: HEAD, entries: [] };

function reportOf(line: string, by: StepReport['by'] = 'server'): StepReport {
  return { arguments: {}, outcome: { result: structured({ line }) }, by, attempt: 1 };
}

describe('the write between two steps', () => {
  it('finds itself when its answer was lost: applied to what it wrote, it decides the same and writes nothing', () => {
    const { one, ask, decide } = setUp();
    const steps: readonly Partial<AdvanceOptions>[] = [
      {},
      { report: { step: one, report: reportOf('one') } },
      { unasked: ask },
    ];
    let record = fresh;
    for (const more of steps) {
      const verdict = decide(record, more);
      const after = verdict.kind === 'write' ? written(record, verdict) : record;
      const again = decide(after, more);
      expect(next(again)).toBe(next(verdict));
      expect(again.kind).toBe('done');
      record = after;
    }
  });

  it('resets the count of crashes when a step came to something, not when one begins', () => {
    const { one, decide } = setUp();
    const begun = written(fresh, decide(fresh));
    expect(begun.head.crashCount).toBe(1);
    expect(written(begun, decide(begun, { report: { step: one, report: reportOf('one') } })).head.crashCount).toBe(0);
  });

  it('leaves alone what somebody else recorded of a step', () => {
    const { ask, decide } = setUp();
    const begun = written(fresh, decide(fresh));
    const keptOf = (record: TaskRecord) => record.entries.find(({ name }) => name === 'step:ask')?.value;
    const answered = written(begun, decide(begun, { report: { step: ask, report: reportOf('first', 'client') } }));
    expect(keptOf(answered)).toContain('first');
    const declined: StepReport = { ...reportOf('', 'client'), outcome: { error: { message: 'declined' } } };
    const late = decide(answered, { report: { step: ask, report: declined } });
    expect(late.kind).toBe('done');
  });

  it('is refused for a run that no longer holds the task', () => {
    const { decide } = setUp();
    const taken: TaskRecord = { ...fresh, head: { ...HEAD, attempt: 2, holder: 'q' } };
    expect(decide(taken)).toMatchObject({ kind: 'refused', error: { code: 'RUN_ENDED' } });
  });
});
