import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import { decodeRecord } from '../port/decode.ts';
import type { TaskEntry, TaskEntryKind, TaskHead, TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import { newWriteId } from '../port/task-id.ts';
import type { ClaimOutcome, ClaimTasks, TaskStore } from '../port/task-store.ts';
import { keyRing, SEAL_KEYS, type SealKey } from './key-ring.ts';
import { openEntry, type Opening, sealEntry } from './seal.ts';

/**
 * Options of {@link sealed}.
 *
 * @example
 * const secret = Buffer.from(process.env['TASK_KEY'] ?? '', 'base64');
 * const options: SealedOptions = { keys: [{ id: '2026-12', secret }] };
 * const layer = createTasks({ store: sealed(memoryStore(), options) });
 */
export interface SealedOptions {
  /**
   * At least one key, with different ids: the first seals, all of them open. To change the key, first add the new one
   * at the end in every process, then move it to the front, and remove the old one when the last task that it sealed
   * has expired. One key seals 4 billion values at most.
   */
  readonly keys: readonly SealKey[];
  /**
   * Read values that are not sealed, as a store without `sealed` wrote them, until the last such task has expired. All
   * that is written is sealed. A writer of the database can then put values of its own there. Default false: such a
   * value fails its task with STORE_CORRUPT_RECORD.
   */
  readonly acceptPlain?: boolean | undefined;
}

const SEALED_OPTIONS: OptionTableOf<SealedOptions> = { keys: SEAL_KEYS, acceptPlain: option.flag };

/**
 * Encrypt all that a store keeps of arguments, variables, questions, answers and results: the values of entries, by
 * AES-256-GCM. A value is bound to its task, its kind and its name. Heads and the names of entries stay readable.
 *
 * A value that was changed, cut, moved to another place, or sealed with a key that is not there fails the read of its
 * task with STORE_CORRUPT_RECORD; among several tasks it is left out. A claim gives back the tasks that it cannot open:
 * they wait for the length of a lease, and no crash is counted. Where none of its tasks can be opened, the claim fails.
 *
 * Limits on stored bytes, and `entryBytes` of a head, count sealed values: one of n bytes takes 4/3 n + 50 bytes, and
 * those of the key's id.
 *
 * @throws {TypeError} an option is unknown or of another type.
 * @throws {RangeError} `keys` is empty or has an id twice, an id is not allowed, or a secret does not have 32 bytes.
 *
 * @example
 * const keys = [{ id: '2026-12', secret: Buffer.from(process.env['TASK_KEY'] ?? '', 'base64') }];
 * const layer = createTasks({ store: sealed(memoryStore(), { keys }) });
 */
export function sealed(store: TaskStore, options: SealedOptions): TaskStore {
  const opening = openingOf(options);
  const seal = (taskId: string, entries: readonly TaskEntry[]) =>
    entries.map((entry) => sealEntry(opening.ring, taskId, entry));
  return {
    portVersion: store.portVersion,
    create: async (input) => store.create({ ...input, entries: seal(input.head.taskId, input.entries) }),
    async get(input) {
      const records = await store.get(input);
      const isOnlyOne = new Set(input.taskIds).size === 1;
      return records.flatMap((record) => decodeRecord(() => openRecord(opening, record, input.kinds), isOnlyOne));
    },
    async update(input) {
      const { taskId, patch } = input;
      const { put } = patch;
      return store.update(put === undefined ? input : { ...input, patch: { ...patch, put: seal(taskId, put) } });
    },
    findJoinable: async (input) => store.findJoinable(input),
    list: async (input) => store.list(input),
    due: async (input) => store.due(input),
    claim: async (input) => claimAndOpen(store, opening, input),
    renew: async (input) => store.renew(input),
    deleteExpired: async (input) => store.deleteExpired(input),
    close: async () => store.close(),
    ...(store.open !== undefined && { open: store.open.bind(store) }),
    ...(store.watch !== undefined && { watch: store.watch.bind(store) }),
    ...(store.serverTimeMs !== undefined && { serverTimeMs: store.serverTimeMs.bind(store) }),
  };
}

function openingOf(options: SealedOptions | undefined): Opening {
  checkOptions('sealed', options, SEALED_OPTIONS);
  const { keys, acceptPlain = false }: Partial<SealedOptions> = options ?? {};
  return { ring: keyRing(keys), acceptPlain };
}

/** Open the entries of the kinds that were asked for; a store may answer more of them. */
function openRecord(opening: Opening, { head, entries }: TaskRecord, kinds: readonly TaskEntryKind[]): TaskRecord {
  const wanted = entries.filter(({ kind }) => kinds.includes(kind));
  return { head, entries: wanted.map((entry) => openEntry(opening, head.taskId, entry)) };
}

async function claimAndOpen(store: TaskStore, opening: Opening, claim: ClaimTasks): Promise<ClaimOutcome> {
  const outcome = await store.claim(claim);
  const records: TaskRecord[] = [];
  const unopened: TaskHead[] = [];
  let failure: TaskError | undefined;
  for (const record of outcome.records) {
    try {
      records.push(openRecord(opening, record, claim.kinds));
    } catch (error) {
      if (!TaskError.is(error, 'STORE_CORRUPT_RECORD')) throw error;
      failure ??= error;
      unopened.push(record.head);
    }
  }
  await Promise.all(unopened.map((head) => giveBack(store, head, claim.nowMs)));
  if (failure !== undefined && records.length === 0) throw failure;
  return { ...outcome, records };
}

/**
 * Undo the claim of a task that does not open here: another process may have its key, and must not take it for the task
 * of a lost run. The task keeps its time, which is the end of the lease.
 */
async function giveBack(store: TaskStore, head: TaskHead, nowMs: number): Promise<void> {
  const patch = { head: { holder: null, attempt: head.attempt - 1 } };
  // When the store cannot be reached, the lease ends by itself.
  await store
    .update({ taskId: head.taskId, expected: head, writeId: newWriteId(), patch, nowMs })
    .catch(() => undefined);
}
