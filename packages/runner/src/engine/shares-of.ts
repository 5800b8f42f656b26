import type { Tasks } from '../api/tasks.ts';
import type { Shares } from '../core/shares.ts';
import { internalsOf } from '../process/internals.ts';

/** Find the shares of a task layer, by which an adapter bounds what one owner takes of the process. */
export function sharesOf(tasks: Tasks): Shares {
  return internalsOf(tasks).layer.shares;
}
