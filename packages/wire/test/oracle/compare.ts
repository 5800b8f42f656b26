import type { WireSchema } from '@mcp-tasks/wire';
import type fc from 'fast-check';
import { mutationsOf } from './mutations.ts';

/** What of the official packages can say about a value. */
export type OracleName = 'core' | 'ext-tasks v1' | 'ext-tasks v2';

/** Says whether it accepts a value. */
export type Verdict = (value: unknown) => boolean;

/** One message: our schema, its official counterparts, and valid values of it. */
export interface MessageCase {
  readonly name: string;
  /** Who sends it: we (a server) or the peer. What goes both ways counts as `sent`. */
  readonly direction: 'sent' | 'received';
  readonly ours: Pick<WireSchema<unknown>, 'safeParse'>;
  readonly valid: fc.Arbitrary<unknown>;
  readonly oracles: Readonly<Partial<Record<OracleName, Verdict>>>;
}

/** Our verdict on a value is not that of an oracle. */
export interface Disagreement {
  readonly message: string;
  readonly direction: 'sent' | 'received';
  /** Keys joined by `>`, array positions as `*`. */
  readonly path: string;
  readonly oracle: OracleName;
  /** `stricter`: we refuse what the oracle accepts. */
  readonly ours: 'stricter' | 'laxer';
  readonly value: unknown;
}

/**
 * The disagreements over some changes of one place in a valid value.
 *
 * @param picks - which changes, each taken modulo their number
 */
export function disagreementsOf(message: MessageCase, valid: unknown, picks: readonly number[]): Disagreement[] {
  const mutations = mutationsOf(valid);
  return picks.flatMap((pick) => {
    const mutation = mutations[pick % mutations.length];
    return mutation === undefined ? [] : disagreementsOn(message, mutation.apply(), mutation.path);
  });
}

/** The disagreements over one value. */
export function disagreementsOn(message: MessageCase, value: unknown, path: readonly PropertyKey[]): Disagreement[] {
  const accepted = message.ours.safeParse(value).ok;
  const { name, direction, oracles } = message;
  return (Object.entries(oracles) as [OracleName, Verdict][])
    .filter(([, verdict]) => verdict(value) !== accepted)
    .map(([oracle]) => ({
      message: name,
      direction,
      path: path.map((key) => (typeof key === 'number' ? '*' : String(key))).join('>'),
      oracle,
      ours: accepted ? 'laxer' : 'stricter',
      value,
    }));
}
