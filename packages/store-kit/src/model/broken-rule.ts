import type { MadeCall } from '../sides/lane.ts';

/** A rule that the answers of a store break. */
export class BrokenRule extends Error {
  /** The task that the rule is about; absent where it is about an owner. */
  readonly taskId: string | undefined;
  /** The call whose answer breaks it. */
  readonly call: MadeCall | undefined;

  constructor(
    rule: string,
    about: { readonly taskId?: string | undefined; readonly call?: MadeCall | undefined } = {},
  ) {
    super(rule);
    this.taskId = about.taskId;
    this.call = about.call;
  }
}

/** Fail with a broken rule unless something holds. */
export function rule(
  holds: boolean,
  text: string,
  about: { readonly taskId?: string | undefined; readonly call?: MadeCall | undefined } = {},
): asserts holds {
  if (!holds) throw new BrokenRule(text, about);
}
