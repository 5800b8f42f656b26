import type { Tasks } from '../api/tasks.ts';
import { internalsOf } from '../process/internals.ts';

/**
 * Say that all callers of this process are one owner, such as the local user over stdio. Runs of that owner may take
 * every slot of the built-in executor, unless its `maxRunningPerOwner` was set, or {@link servesOtherOwners} was said.
 */
export function servesOneOwner(tasks: Tasks): void {
  internalsOf(tasks).servesOneOwner();
}

/** Say that callers of this process may be any owner: each gets its share of the slots alone, from now on. */
export function servesOtherOwners(tasks: Tasks): void {
  internalsOf(tasks).servesOtherOwners();
}
