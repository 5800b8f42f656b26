import { initial } from './0001-initial.ts';
import { claims } from './0002-claims.ts';
import type { Migration } from './migration.ts';

/** Every migration in order; append only, never edited. */
export const MIGRATIONS: readonly Migration[] = [initial, claims];
