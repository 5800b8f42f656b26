import { claim } from './claim.ts';
import { create } from './create.ts';
import { owned } from './owned.ts';
import { places } from './places.ts';
import { due, dueOthers, findJoinable, get, list, time } from './reads.ts';
import { migrate, schema } from './schema.ts';
import { shared } from './shared.ts';
import { update } from './update.ts';
import { deleteExpired, renew } from './upkeep.ts';

/** Every script, whole: each is one call, and so one round trip and one atomic step. */
export const scripts = {
  create: shared + places + owned + create,
  update: shared + places + owned + update,
  get: shared + get,
  findJoinable: shared + places + owned + findJoinable,
  list: shared + places + owned + list,
  due: shared + places + due,
  dueOthers: shared + places + dueOthers,
  claim: shared + places + claim,
  renew: shared + places + renew,
  deleteExpired: shared + places + owned + deleteExpired,
  schema: shared + schema,
  migrate: shared + places + owned + migrate,
  time: shared + time,
};

/** Name of a script. */
export type ScriptName = keyof typeof scripts;
