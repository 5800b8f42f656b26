import { answer } from './answer.ts';
import { claim } from './claim.ts';
import { cancel, complete, fail, interrupt } from './end.ts';
import { ask, effects, park, release } from './held.ts';
import { outcome } from './outcome.ts';

/** The rules of a task's life, one pure function each; `applyRule` writes what they decide. */
export const rules = {
  answer,
  ask,
  cancel,
  claim,
  complete,
  effects,
  fail,
  interrupt,
  outcome,
  park,
  release,
} as const;
