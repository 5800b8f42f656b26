import { answer } from './answer.ts';
import { cancel, complete, fail, interrupt } from './end.ts';
import { ask, effects, park, release } from './held.ts';
import { outcome } from './outcome.ts';
import { tellWait } from './tool-wait.ts';

/** The rules of a task's life, one pure function each; `applyRule` writes what they decide. */
export const rules = {
  /** Store answers to open questions. */
  answer,
  /** Store a question of a run. */
  ask,
  /** End the task as cancelled. */
  cancel,
  /** End the task with a result. */
  complete,
  /** Store effects of a run that goes on. */
  effects,
  /** End the task with a JSON-RPC error. */
  fail,
  /** End the run of a `fail` tool that cannot go on. */
  interrupt,
  /** Record outcomes of parts of the work. */
  outcome,
  /** End the run and let the task wait until an event wakes it. */
  park,
  /** Give the task back, so that any process may run it. */
  release,
  /** Say on a due task that it waits for a process that knows its tool. */
  tellWait,
} as const;
