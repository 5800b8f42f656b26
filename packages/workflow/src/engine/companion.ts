import type { ParkedRun, TaskContext, Tasks } from '@mcp-tasks/runner';
import { amendOwn, fromJson, leaseOf, toJson } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import { type CallToolResult, JSON_RPC_ERROR, type JsonObject, ProtocolFailure } from '@mcp-tasks/wire';
import type { StepDefinition, WorkflowDefinition } from '../definition/definition.ts';
import { handOffText } from '../hand-off/hand-off-text.ts';
import { remainingSteps } from '../hand-off/remaining.ts';
import { checkArguments } from '../plan/check-arguments.ts';
import { stepStates } from '../plan/completion.ts';
import { WORKFLOW_ENTRY_KINDS } from '../plan/entry-kinds.ts';
import type { StepReport } from '../plan/outcome.ts';
import type { Mismatch } from '../plan/plan.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { progressOf } from '../plan/status.ts';
import { type Advance, advance } from './advance.ts';
import { askStep, runStep } from './run-step.ts';

/** The handler of a workflow's companion tool: one run of the engine. */
export function companionHandler(
  tasks: Tasks,
  definition: WorkflowDefinition,
): (args: unknown, task: TaskContext) => Promise<CallToolResult | ParkedRun> {
  return async (args, task) => {
    try {
      return await new WorkflowRun(tasks, definition, task).go(asJson(args));
    } catch (error) {
      if (!TaskError.is(error, 'WORKFLOW_INCOMPATIBLE')) throw error;
      // The task fails: its plan can never be followed to its end.
      throw new ProtocolFailure(JSON_RPC_ERROR.INTERNAL_ERROR, error.message, { code: error.code, ...error.details });
    }
  };
}

/** Prompt arguments as the plan keeps them. */
export function asJson(args: unknown): JsonObject {
  return fromJson(toJson(args ?? {}, 'The arguments of the workflow') ?? '{}') as JsonObject;
}

/** One run: steps that are ready, one after the other, until all are done or the client is needed. */
class WorkflowRun {
  readonly #tasks: Tasks;
  readonly #definition: WorkflowDefinition;
  readonly #task: TaskContext;
  readonly #checked = new Map<string, Mismatch | undefined>();
  #report: { readonly step: StepDefinition; readonly report: StepReport } | undefined;
  #unasked: StepDefinition | undefined;

  constructor(tasks: Tasks, definition: WorkflowDefinition, task: TaskContext) {
    this.#tasks = tasks;
    this.#definition = definition;
    this.#task = task;
  }

  async go(args: JsonObject): Promise<CallToolResult | ParkedRun> {
    for (;;) {
      const { next, state } = await this.#advance(args);
      const context = { definition: this.#definition, state };
      const host = { task: this.#task, tasks: this.#tasks, context };
      if (next.kind !== 'check') this.#reportProgress(context);
      switch (next.kind) {
        case 'check':
          await checkArguments(this.#checked, next.needed);
          break;
        case 'run':
          this.#report = { step: next.step, report: await runStep(host, next) };
          break;
        case 'ask': {
          const asked = await askStep(host, next);
          if (asked.kind === 'answered') this.#report = { step: next.step, report: asked.report };
          if (asked.kind === 'unasked') this.#unasked = next.step;
          break;
        }
        case 'completed':
          return next.result;
        case 'paused':
          if (!this.#task.inline) return this.#task.park(next.message);
          return unfinished(context);
      }
    }
  }

  #reportProgress(context: WorkflowNow): void {
    const { done, total } = progressOf(context);
    if (done < total) this.#task.progress(done, total);
  }

  async #advance(args: JsonObject): Promise<Advance> {
    const { limits } = this.#tasks;
    const advanced = await amendOwn(
      this.#task,
      WORKFLOW_ENTRY_KINDS,
      advance({
        definition: this.#definition,
        limits,
        keepResultMs: this.#definition.keepResultMs ?? limits.keepResultMs,
        lease: leaseOf(this.#task),
        arguments: args,
        report: this.#report,
        unasked: this.#unasked,
        checked: this.#checked,
      }),
    );
    this.#report = undefined;
    return advanced;
  }
}

/** The result of an inline run that the client has to finish: the hand-off. */
function unfinished(context: WorkflowNow): CallToolResult {
  const text = handOffText(context, remainingSteps(context), { kind: 'nothing-stored' });
  const { plan } = context.state;
  const structuredContent = { workflow: plan.workflow, steps: stepStates(plan) };
  return { content: [{ type: 'text', text }], structuredContent };
}
