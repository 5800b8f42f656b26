import { initial } from './0001-initial.ts';
import { portTwo } from './0002-port-two.ts';

/** One step of the schema: SQL for a schema's (quoted) name. Append only; a step that landed is never edited. */
export interface Migration {
  readonly name: string;
  /**
   * The oldest code that still works on a database with this step. An additive step repeats the number of the step
   * before; an incompatible one takes its own.
   */
  readonly compatibleFrom: number;
  readonly sql: (schema: string) => string;
}

/** Every step, oldest first; the position (from 1) is its number. */
export const migrations: readonly Migration[] = [
  { name: '0001-initial', compatibleFrom: 1, sql: initial },
  { name: '0002-port-two', compatibleFrom: 2, sql: portTwo },
];
