import type { TaskHead } from '@mcp-tasks/store';
import type { Fate } from '../sides/lane.ts';
import type { RandomNumbers } from '../sides/random-numbers.ts';

const OWNERS = ['owner', 'Owner', 'o\u0000ner'];

/** Start of a round: what its plan is made from. */
export interface RoundStart {
  readonly nowMs: number;
  /** The heads of the tasks that are live. */
  readonly heads: readonly TaskHead[];
  /** Ids of tasks that have expired. */
  readonly expiredIds: readonly string[];
  /** Names of the lanes. */
  readonly lanes: readonly string[];
}

/** Random choices of a round: among its tasks and owners. */
export class Choices {
  readonly random: RandomNumbers;
  readonly nowMs: number;
  /** In a calm round one call is under way at a time. */
  readonly isCalm: boolean;
  /** Heads of the live tasks and of those that the round creates. */
  readonly known: TaskHead[];
  readonly #expiredIds: readonly string[];

  constructor(random: RandomNumbers, { nowMs, heads, expiredIds }: RoundStart, isCalm: boolean) {
    this.random = random;
    this.nowMs = nowMs;
    this.isCalm = isCalm;
    this.known = [...heads];
    this.#expiredIds = expiredIds;
  }

  owner(): string {
    return this.random.pick(OWNERS);
  }

  /** Pick an owner, or none at all, at whose place a turn begins. */
  turn(): string | undefined {
    return this.random.pick([undefined, ...OWNERS]);
  }

  /** Pick a known task, at times one that has expired or never was. */
  taskId(): string {
    const { chance, pick, id } = this.random;
    if (this.#expiredIds.length > 0 && chance(0.1)) return pick(this.#expiredIds);
    return this.known.length === 0 || chance(0.03) ? id() : pick(this.known).taskId;
  }

  /** Choose what becomes of the answers of a write, and how often it is sent. */
  fates(): readonly Fate[] {
    const kinds: (readonly Fate[])[] = [['lost'], ['lost', 'told'], ['told', 'told'], ['left'], ['left', 'told']];
    const fates = this.random.chance(0.6) ? (['told'] as const) : this.random.pick(kinds);
    return this.isCalm ? fates.map((fate) => (fate === 'left' ? 'lost' : fate)) : fates;
  }
}
