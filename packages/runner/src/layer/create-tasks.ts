import { randomUUID } from 'node:crypto';
import { type Clock, memoryStore, type TaskHead } from '@mcp-tasks/store';
import { openStore } from '@mcp-tasks/store/open';
import { serverClock, WaiterHub } from '@mcp-tasks/store/rules';
import { checkOptions, option } from '@mcp-tasks/wire';
import { submittedTask } from '../api/executor.ts';
import type { Tasks, TasksOptions } from '../api/tasks.ts';
import type { TaskTool } from '../api/tool.ts';
import { ownerTasks } from '../calls/owner-tasks.ts';
import { startTask, type TaskTakers } from '../calls/start-task.ts';
import { countedClock } from '../core/counted-clock.ts';
import { LoopWatch } from '../core/loop-watch.ts';
import { runSettings, taskLimits } from '../core/settings.ts';
import { Shares } from '../core/shares.ts';
import { safeListener, type TaskLayer } from '../core/task-layer.ts';
import { ClockWatch } from '../process/clock-watch.ts';
import { Dispatcher, type DispatcherOptions } from '../process/dispatcher.ts';
import { Heartbeat } from '../process/heartbeat.ts';
import { inProcessExecutor, isBuiltIn } from '../process/in-process-executor.ts';
import { exposeInternals } from '../process/internals.ts';
import { type Background, Lifecycle } from '../process/lifecycle.ts';
import { Resubmit } from '../process/resubmit.ts';
import { Runs } from '../process/runs.ts';
import { Sweep } from '../process/sweep.ts';
import { UnknownTools } from '../process/unknown-tools.ts';
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
  const store = typeof options.store === 'string' ? openStore(options.store) : (options.store ?? memoryStore());
  const measured = serverClock(store, { base: options.clock, leaseMs: settings.leaseMs });
  const clock = countedClock(measured);
  const executor = options.executor ?? inProcessExecutor();
  const hub = new WaiterHub({ store, clock });
  const reportError = options.onBackgroundError ?? warn;
  const emit = safeListener(options.onEvent, reportError);
  const layer: TaskLayer = {
    store,
    clock,
    limits,
    settings,
    registry: new ToolRegistry(),
    executor,
    submit: (head) => {
      submit(layer, head);
    },
    hub,
    holder: randomUUID(),
    authorize: authorizer(options, emit, clock),
    emit,
    hasListener: options.onEvent !== undefined,
    caughtUp: (signal) => heartbeat.caughtUp(signal),
    reportError,
    shares: new Shares({ limits, clock, emit }),
    loopWatch: new LoopWatch({ clock, leaseMs: settings.leaseMs, reportError }),
  };
  const runs = new Runs(layer);
  const onMove = () => {
    runs.timeMoved();
    dispatcher?.timeMoved();
  };
  const clockWatch = new ClockWatch({ measured, clock, leaseMs: settings.leaseMs, onMove });
  const heartbeat: Heartbeat = new Heartbeat(layer, runs, clockWatch);
  const dispatcher = dispatcherOf(layer, {
    runs,
    clockWatch,
    renew: () => {
      heartbeat.beat();
    },
  });
  const parts = { layer, clockWatch, isCaughtUp: () => heartbeat.isCaughtUp() };
  const rounds = [new Sweep(parts), new UnknownTools(parts)];
  const lifecycle = new Lifecycle(layer, {
    runs,
    background: backgroundOf({ claiming: dispatcher ?? new Resubmit(layer), heartbeat, rounds }),
    measureClock: () => clockWatch.measure(),
    ownsStore: options.store !== store,
  });
  const takers: TaskTakers = { runs, takeSlot: (owner) => dispatcher?.takeSlot(owner) };
  const tasks = assemble(layer, limits, { takers, lifecycle });
  exposeInternals(tasks, {
    layer,
    clock,
    runs,
    lifecycle,
    servesOneOwner: () => {
      if (isBuiltIn(executor)) executor.servesOneOwner();
    },
    servesOtherOwners: () => {
      if (isBuiltIn(executor)) executor.servesOtherOwners();
    },
  });
  return tasks;
}

/** Make the dispatcher of the built-in executor; another executor decides itself when runs happen. */
function dispatcherOf(
  layer: TaskLayer,
  parts: Pick<DispatcherOptions, 'runs' | 'clockWatch' | 'renew'>,
): Dispatcher | undefined {
  const { executor } = layer;
  if (!isBuiltIn(executor)) return undefined;
  const dispatcher = new Dispatcher({ layer, slots: executor.slots, ...parts });
  executor.onSubmit = ({ handler, queue, notBeforeMs }) => {
    dispatcher.onDue({ handler, queue, atMs: notBeforeMs });
  };
  return dispatcher;
}

/** The parts of {@link Background}. */
interface Works {
  readonly claiming: Dispatcher | Resubmit;
  readonly heartbeat: Heartbeat;
  /** Work that comes round from time to time. */
  readonly rounds: readonly (Sweep | UnknownTools)[];
}

function backgroundOf({ claiming, heartbeat, rounds }: Works): Background {
  return {
    async start() {
      heartbeat.start();
      for (const round of rounds) round.start();
      await claiming.start();
    },
    stopClaiming: async () => {
      await Promise.all([claiming, ...rounds].map((work) => work.stop()));
    },
    stop: () => heartbeat.stop(),
  };
}

/** Tell the executor that a task is due, or will be. */
function submit(layer: TaskLayer, head: TaskHead): void {
  const { executor } = layer;
  if (head.holder !== undefined || head.dueAtMs === null || head.queue !== executor.queue) return;
  try {
    Promise.resolve(executor.submit(submittedTask(head))).catch((error: unknown) => {
      layer.reportError(error);
    });
  } catch (error) {
    layer.reportError(error);
  }
}

const CLOSE_OPTIONS = { drainMs: option.integer(0) };

function assemble(
  layer: TaskLayer,
  limits: Tasks['limits'],
  { takers, lifecycle }: { readonly takers: TaskTakers; readonly lifecycle: Lifecycle },
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
    startTask: (call) => lifecycle.during(startTask(layer, takers, call, lifecycle.opening())),
    runInline: async (call, host) => inlineResult(await runInline(layer, call, host)),
    for: (owner) => ownerTasks(layer, owner, lifecycle),
    start: () => lifecycle.start(),
    close: (options) => {
      checkOptions('tasks.close', options, CLOSE_OPTIONS);
      return lifecycle.close(options?.drainMs);
    },
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
