import { type WorkflowMeta, WorkflowMetaSchema, type WorkflowPause, WorkflowRequestMetaSchema } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';

const PAUSES: readonly WorkflowPause[] = [
  { type: 'clientStep', blockedStep: 'approve', suggestedTool: 'approve' },
  { type: 'unresolvableParams', blockedStep: 'deploy', missingParam: 'url', source: 'field url of x', cause: 'none' },
  { type: 'schemaMismatch', blockedStep: 'a', missingFields: ['b'], illTypedFields: [{ field: 'c', problem: 'd' }] },
  { type: 'toolError', failedStep: 'deploy', error: 'no', retryable: false },
  { type: 'unresolvedDependency', blockedStep: 'b', missingOutput: 'output of a', producingStep: 'a' },
];

const META: WorkflowMeta = {
  taskId: 't',
  status: 'working',
  steps: [{ name: 'approve', tool: 'approve', status: 'pending' }],
  remaining: [{ step: 'approve', tool: 'approve', arguments: { monthlyUsd: 30 } }],
};

describe('[PAUS-01] the state of a workflow on the wire', () => {
  it.each(PAUSES.map((pause) => [pause.type, pause] as const))('may pause for %s', (_type, pause) => {
    const meta = { ...META, pause, remaining: [{ step: 'a', arguments: {}, pause }] };
    expect(WorkflowMetaSchema.parse(meta)).toEqual(meta);
  });

  it('has no pause of another kind', () => {
    const result = WorkflowMetaSchema.safeParse({ ...META, pause: { type: 'tired', blockedStep: 'a' } });
    expect(result).toMatchObject({ ok: false, issues: [{ path: 'pause.type' }] });
  });

  it('names every step with its status', () => {
    const result = WorkflowMetaSchema.safeParse({ ...META, steps: [{ name: 'a', status: 'done' }] });
    expect(result).toMatchObject({ ok: false, issues: [{ path: 'steps[0].status' }] });
  });
});

describe('[CONT-01] what a request says of its workflow task', () => {
  it('is the task, and perhaps step and call', () => {
    expect(WorkflowRequestMetaSchema.parse({ taskId: 't' })).toEqual({ taskId: 't' });
    const full = { taskId: 't', step: 's', callId: 'c' };
    expect(WorkflowRequestMetaSchema.parse(full)).toEqual(full);
  });

  it.each([null, 't', {}, { taskId: 1 }, { taskId: 't', step: 1 }])('is not %j', (value) => {
    expect(WorkflowRequestMetaSchema.safeParse(value).ok).toBe(false);
  });
});
