import type { TaskEntry, TaskEntryKind } from '@mcp-tasks/store';
import type { InputResponse } from '@mcp-tasks/wire';
import { entryTexts, readAnswers, type StoredCall } from '../tool/stored-call.ts';
import { VariableMap } from './variable-map.ts';

/** The kinds of entries that a run reads. */
export const RUN_ENTRY_KINDS: readonly TaskEntryKind[] = [
  'call',
  'variable',
  'published',
  'checkpoint',
  'wait',
  'answer',
];

/** A run's own copy of its task's entries. Each kind is made when it is looked at: all cost a task 3 us in `bench/lifecycle`. */
export class RunEntries {
  readonly call: StoredCall;
  readonly #entries: readonly TaskEntry[];
  #variables: VariableMap | undefined;
  #published: VariableMap | undefined;
  #checkpoints: Map<string, string> | undefined;
  #waits: Map<string, string> | undefined;
  #answers: Map<string, InputResponse> | undefined;

  constructor(call: StoredCall, entries: readonly TaskEntry[] = []) {
    this.call = call;
    this.#entries = entries;
  }

  /** The entries whose names begin with a prefix, without it, as the run found them: those of a call that it makes. */
  within(prefix: string, args: StoredCall['arguments']): RunEntries {
    const own = this.#entries.filter(({ name }) => name.startsWith(prefix));
    const { caller, inputCapabilities, trace } = this.call;
    return new RunEntries(
      { arguments: args, caller, inputCapabilities, trace },
      own.map((entry) => ({ ...entry, name: entry.name.slice(prefix.length) })),
    );
  }

  get variables(): VariableMap {
    return (this.#variables ??= new VariableMap('variable', this.#entries));
  }

  get published(): VariableMap {
    return (this.#published ??= new VariableMap('published', this.#entries));
  }

  /** JSON texts of finished steps, by name. */
  get checkpoints(): Map<string, string> {
    return (this.#checkpoints ??= entryTexts(this.#entries, 'checkpoint'));
  }

  /** JSON texts of sleeps, and of steps that failed and are tried again, by name. */
  get waits(): Map<string, string> {
    return (this.#waits ??= entryTexts(this.#entries, 'wait'));
  }

  get answers(): Map<string, InputResponse> {
    return (this.#answers ??= readAnswers(this.#entries));
  }
}
