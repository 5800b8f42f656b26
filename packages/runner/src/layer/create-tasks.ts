import { randomUUID } from 'node:crypto';
import { type Clock, memoryStore } from '@mcp-tasks/store';
import { serverClock, WaiterHub } from '@mcp-tasks/store/rules';
import type { Tasks, TasksOptions } from '../api/tasks.ts';
import type { TaskTool } from '../api/tool.ts';
import { ownerTasks } from '../calls/owner-tasks.ts';
import { startTask } from '../calls/start-task.ts';
import { countedClock } from '../core/counted-clock.ts';
import { LoopWatch } from '../core/loop-watch.ts';
import { runSettings, taskLimits } from '../core/settings.ts';
import { Shares } from '../core/shares.ts';
import { safeListener, type TaskLayer } from '../core/task-layer.ts';
import { ClockWatch } from '../process/clock-watch.ts';
import { inProcessExecutor } from '../process/in-process-executor.ts';
import { exposeInternals } from '../process/internals.ts';
import { Lifecycle } from '../process/lifecycle.ts';
import { Recovery } from '../process/recovery.ts';
import { Runs } from '../process/runs.ts';
import { inlineResult, runInline } from '../run/inline-run.ts';
import { ToolRegistry } from '../tool/registry.ts';

/**
 * Make the task layer of a server or worker: it registers tools, starts and runs tasks, and recovers tasks of other
 * processes.
 *
 * Make it once, at module scope; nothing happens before `start`, or before the first task is started or looked at.
 *
 * @throws {TypeError} an option is unknown or of the wrong type; {RangeError} one is out of range: the message names
 * it.
 *
 * @example
 * export const tasks = createTasks({ store: memoryStore(), limits: { maxActiveTasks: 20 } });
 * tasks.tool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
 *   content: [{ type: 'text', text: `Hello, ${name}` }],
 * }));
 */
export function createTasks(options: TasksOptions = {}): Tasks {
  const settings = runSettings(options);
  const limits = taskLimits(options.limits);
  const store = options.store ?? memoryStore();
  const measured = serverClock(store, { base: options.clock, leaseMs: settings.leaseMs });
  const clock = countedClock(measured);
  const hub = new WaiterHub({ store, clock });
  const reportError = options.onBackgroundError ?? warn;
  const emit = safeListener(options.onEvent, reportError);
  const layer: TaskLayer = {
    store,
    clock,
    limits,
    settings,
    registry: new ToolRegistry(),
    executor: options.executor ?? inProcessExecutor(),
    hub,
    holder: randomUUID(),
    authorize: authorizer(options, emit, clock),
    emit,
    hasListener: options.onEvent !== undefined,
    caughtUp: (signal) => recovery.caughtUp(signal),
    reportError,
    shares: new Shares({ limits, clock, emit }),
    loopWatch: new LoopWatch({ clock, leaseMs: settings.leaseMs, reportError }),
  };
  const runs = new Runs(layer);
  const onMove = () => {
    runs.timeMoved();
  };
  const clockWatch = new ClockWatch({ measured, clock, leaseMs: settings.leaseMs, onMove });
  const recovery = new Recovery(layer, runs, clockWatch);
  const lifecycle = new Lifecycle(layer, {
    runs,
    recovery,
    measureClock: () => clockWatch.measure(),
    ownsStore: options.store === undefined,
  });
  const tasks = assemble(layer, limits, { runs, lifecycle });
  exposeInternals(tasks, { layer, clock, runs, lifecycle });
  return tasks;
}

function assemble(
  layer: TaskLayer,
  limits: Tasks['limits'],
  { runs, lifecycle }: { readonly runs: Runs; readonly lifecycle: Lifecycle },
): Tasks {
  return {
    limits,
    clock: layer.clock,
    tools: layer.registry.tools,
    tool: (name, options, handler) => {
      const tool = { name, options, handler } as unknown as TaskTool<never, never>;
      layer.registry.add(tool);
      return tool;
    },
    startTask: (call) => lifecycle.during(startTask(layer, runs, call, lifecycle.opening())),
    runInline: async (call, host) => inlineResult(await runInline(layer, call, host)),
    for: (owner) => ownerTasks(layer, owner, lifecycle),
    start: () => lifecycle.start(),
    close: ({ drainMs } = {}) => lifecycle.close(drainMs),
  };
}

function authorizer({ authorize }: TasksOptions, emit: TaskLayer['emit'], clock: Clock): TaskLayer['authorize'] {
  if (authorize === undefined) return () => undefined;
  return async (request, { taskId, trace } = {}) => {
    try {
      await authorize(request);
    } catch (error) {
      const { owner, tool } = request;
      emit({
        type: 'access-refused',
        reason: 'unauthorized',
        owner,
        tool,
        atMs: clock.nowMs(),
        ...(taskId !== undefined && { taskId }),
        ...(trace !== undefined && { trace }),
      });
      throw error;
    }
  };
}

/** Emit a process warning: the default of `onBackgroundError`. */
function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), 'McpTasksWarning');
}
