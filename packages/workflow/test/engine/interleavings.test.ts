import { createTasks, type Tasks } from '@mcp-tasks/runner';
import { memoryStore } from '@mcp-tasks/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readWorkflowTask } from '../../src/engine/workflow-task.ts';
import { workflow } from '../../src/index.ts';
import { type RecordedOutcome, workflowEngine } from '../../src/serving.ts';
import { isWaiting, metaOf, OWNER, structured } from '../support/layer.ts';

/** A step of a random workflow: who does it, and which earlier steps it uses. */
interface AnyStep {
  readonly client: boolean;
  readonly uses: readonly number[];
}

/** A call of a client for a step, by which process, how often it is sent, and what it comes to. */
interface AnyCall {
  readonly step: number;
  readonly layer: number;
  readonly times: number;
  readonly fails: boolean;
  /** How long it waits, in turns of the event loop. */
  readonly turns: number;
}

const anyStep: fc.Arbitrary<AnyStep> = fc.record({
  client: fc.boolean(),
  uses: fc.array(fc.nat(5), { maxLength: 2 }),
});

const anyCall: fc.Arbitrary<AnyCall> = fc.record({
  step: fc.nat(5),
  layer: fc.nat(1),
  times: fc.integer({ min: 1, max: 2 }),
  fails: fc.boolean(),
  turns: fc.nat(20),
});

const nameOf = (index: number) => `step ${index}`;

/** What the tools of the server were called with, by step. */
type Calls = Map<string, number>;

function define(tasks: Tasks, steps: readonly AnyStep[], calls: Calls): void {
  const tool = tasks.tool('tool', { inputSchema: z.looseObject({ name: z.string() }) }, async ({ name }) => {
    calls.set(name, (calls.get(name) ?? 0) + 1);
    await turns(2);
    return structured({ by: 'server', name });
  });
  workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
    const outputs = new Map<number, unknown>();
    steps.forEach(({ client, uses }, index) => {
      const earlier = uses.filter((used) => used < index);
      const used = Object.fromEntries(earlier.map((number) => [nameOf(number), outputs.get(number)]));
      const args = { name: nameOf(index), ...used };
      const options = client ? { client: true as const, tool: 'theirs', arguments: args } : { tool, arguments: args };
      outputs.set(index, step(nameOf(index), options as never).output);
    });
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('a workflow under any order of calls by clients and steps of the server, in two processes', () => {
  it('[CONT-02] records each call once, loses no outcome, and runs each step of the server at most once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 1, maxLength: 6 }),
        fc.array(anyCall, { maxLength: 12 }),
        async (steps, calls) => {
          const store = memoryStore();
          const ran: Calls = new Map();
          const errors: unknown[] = [];
          const layers = [0, 1].map(() => createTasks({ store, onBackgroundError: (error) => errors.push(error) }));
          for (const tasks of layers) define(tasks, steps, ran);
          const engines = layers.map(workflowEngine);
          const [first, second] = engines;
          const [, other] = layers;
          const { taskId } = (await first?.create({ tool: 'w', owner: OWNER, arguments: {} })) ?? {};
          if (taskId === undefined || second === undefined || other === undefined) throw new TypeError('unreachable');

          /** What each recorded call was answered with: the step, and whether it failed. */
          const recorded = new Map<string, { step: string | undefined; fails: boolean }>();
          const send = async ({ step, layer, times, fails, turns: wait }: AnyCall, number: number) => {
            await turns(wait);
            const callId = `call ${number}`;
            const call = { callId, step: nameOf(step), arguments: { from: callId } };
            const outcome: RecordedOutcome = fails
              ? { error: { code: -32603, message: callId } }
              : { result: structured({ by: callId }) };
            const answers = await Promise.all(
              Array.from({ length: times }, async () => engines[layer]?.record(OWNER, taskId, call, outcome)),
            );
            const matched = answers.map((answer) => {
              if (answer === undefined || !('taskId' in answer)) return 'over';
              return metaOf(answer).matchedStep;
            });
            // However often it is sent, it is recorded as one step.
            expect(new Set(matched).size).toBe(1);
            if (matched[0] !== 'over') recorded.set(callId, { step: matched[0], fails });
          };
          await Promise.all(calls.map(send));

          // Then the client does what remains, until nothing does.
          for (let round = 0; round < 100; round++) {
            const task = await readWorkflowTask(other, OWNER, taskId);
            const view = second.viewOf(task.record, { continueTool: undefined });
            if (view.head.status === 'completed') break;
            const [open] = view.meta.remaining;
            if (open !== undefined && isWaiting(task)) {
              const callId = `last ${round}`;
              const call = { callId, step: open.step, arguments: {} };
              const answer = await second.record(OWNER, taskId, call, { result: structured({ by: callId }) });
              recorded.set(callId, { step: metaOf(answer).matchedStep, fails: false });
            } else {
              await turns(5);
            }
          }

          const record = await layers[0]?.for(OWNER).get(taskId, ['result', 'outcome']);
          expect(record?.head.status).toBe('completed');
          const texts = new Map((record?.entries ?? []).map(({ kind, name, value }) => [`${kind} ${name}`, value]));
          const plan = JSON.parse(texts.get('outcome plan') ?? '{}') as {
            calls: { callId: string; step?: string }[];
            steps: { name: string; status: string }[];
            extras: number;
          };
          // Each call once, as what it was answered with.
          expect(plan.calls.map(({ callId }) => callId).sort()).toEqual([...recorded.keys()].sort());
          for (const { callId, step } of plan.calls) expect(recorded.get(callId)?.step).toBe(step);
          // Each step came to one outcome: that of the call that completed it, else that of the server, which ran it once.
          for (const { name, status } of plan.steps) {
            expect(status).toBe('completed');
            const by = plan.calls.filter(({ callId, step }) => step === name && recorded.get(callId)?.fails === false);
            expect(by.length).toBeLessThanOrEqual(1);
            const outcome = texts.get(`outcome step:${name}`) ?? '';
            expect(outcome).toContain(by[0] === undefined ? '\\"by\\":\\"server\\"' : `\\"by\\":\\"${by[0].callId}\\"`);
            if (by[0] === undefined) expect(ran.get(name)).toBe(1);
            else expect(ran.get(name) ?? 0).toBeLessThanOrEqual(1);
          }
          // What fit no step is beside the plan.
          const extras = [...texts.keys()].filter((key) => key.startsWith('outcome extra:'));
          expect(extras).toHaveLength(plan.calls.filter(({ step }) => step === undefined).length);
          expect(errors).toEqual([]);
          await Promise.all(layers.map((tasks) => tasks.close({ drainMs: 0 })));
        },
      ),
      { numRuns: 80 },
    );
  });
});
