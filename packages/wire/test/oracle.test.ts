import * as wire from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Disagreement, disagreementsOf, disagreementsOn, type MessageCase } from './oracle/compare.ts';
import { divergenceOf, DIVERGENCES } from './oracle/divergences.ts';
import { MESSAGES } from './oracle/messages.ts';

const RUNS_PER_MESSAGE = 40;
const CHANGES_PER_RUN = 25;
// Generous: the work is fixed, the machine may be busy.
const TIMEOUT_MS = 60_000;
const picks = fc.array(fc.nat(), { minLength: CHANGES_PER_RUN, maxLength: CHANGES_PER_RUN });

/** What of the disagreements no row of the table explains, and what no row may explain. */
function unexplained(disagreements: readonly Disagreement[]): Disagreement[] {
  return disagreements.filter((disagreement) => {
    const ours = divergenceOf(disagreement)?.ours;
    if (disagreement.direction === 'sent') return ours === undefined || ours === 'laxer';
    return ours === undefined || ours === 'stricter';
  });
}

function message(name: string): MessageCase {
  const found = MESSAGES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`no message ${name}`);
  return found;
}

describe('every schema against the official packages', { timeout: TIMEOUT_MS }, () => {
  it('[TYPE-01] [TYPE-11] covers every schema that the package exports', () => {
    // What we put into `_meta` under keys of our own is known to nobody else.
    const exported = Object.entries(wire).filter(([name]) => name.endsWith('Schema') && !name.startsWith('Workflow'));
    const covered = new Set(MESSAGES.map(({ ours }) => ours));
    expect(exported.filter(([, schema]) => !covered.has(schema as never)).map(([name]) => name)).toEqual([]);
    expect(MESSAGES.filter(({ oracles }) => Object.keys(oracles).length === 0)).toEqual([]);
  });

  it.each(MESSAGES)('[TEST-01] $name: a valid value is accepted by us and by every official package', (message) => {
    fc.assert(
      fc.property(message.valid, (value) => {
        expect(message.ours.safeParse(value)).toEqual({ ok: true, value });
        expect(disagreementsOn(message, value, [])).toEqual([]);
      }),
      { numRuns: RUNS_PER_MESSAGE },
    );
  });

  it.each(MESSAGES)('[TEST-01] $name: a changed value gets the same verdict from all, but for the table', (message) => {
    fc.assert(
      fc.property(message.valid, picks, (value, picks) => {
        expect(unexplained(disagreementsOf(message, value, picks))).toEqual([]);
      }),
      { numRuns: RUNS_PER_MESSAGE },
    );
  });

  it.each(MESSAGES)('[TEST-01] $name: parse, write and read back give the same value', ({ ours, valid }) => {
    const schema = ours as wire.WireSchema<unknown>;
    fc.assert(
      fc.property(valid, (value) => {
        const written = JSON.stringify(schema.parse(value));
        expect(schema.parse(JSON.parse(written))).toEqual(value);
      }),
      { numRuns: RUNS_PER_MESSAGE },
    );
  });
});

describe('the table of divergences', () => {
  it.each(DIVERGENCES)('[TEST-01] still holds: $example.message, $because', ({ example, oracles, ours }) => {
    const shown = message(example.message);
    const found = disagreementsOn(shown, example.value, []);
    const direction = ours === 'laxer' ? 'laxer' : 'stricter';
    const disagreeing = found.filter((disagreement) => disagreement.ours === direction).map(({ oracle }) => oracle);
    const named = oracles.filter((oracle) => oracle in shown.oracles);
    expect(named).not.toEqual([]);
    expect(disagreeing.toSorted()).toEqual(named.toSorted());
  });

  it('[TEST-01] lets nothing laxer be sent, and refuses nothing received that an official package checks and takes', () => {
    const wrong = MESSAGES.flatMap(({ name, direction }) =>
      DIVERGENCES.filter(({ example, ours }) => {
        if (example.message !== name) return false;
        return direction === 'sent' ? ours === 'laxer' : ours === 'stricter';
      }),
    );
    expect(wrong).toEqual([]);
  });
});

/** A schema that is ours but for one planted fault. */
interface Fault {
  readonly fault: string;
  readonly message: string;
  /** Where the disagreement must be found. */
  readonly path: string;
  readonly accepts: (value: Record<string, unknown>, ours: (value: unknown) => boolean) => boolean;
}

const FAULTS: readonly Fault[] = [
  {
    fault: 'a field that is not checked',
    message: 'Task2025',
    path: 'createdAt',
    accepts: (value, ours) => ours({ ...value, createdAt: '' }),
  },
  {
    fault: 'a required field made optional',
    message: 'Task2025',
    path: 'ttl',
    accepts: (value, ours) => ours({ ttl: null, ...value }),
  },
  {
    fault: 'a nullable field that must not be null',
    message: 'Task2026',
    path: 'ttlMs',
    accepts: (value, ours) => ours(value) && value['ttlMs'] !== null,
  },
  {
    fault: 'an optional field made required',
    message: 'GetTaskResult2025',
    path: 'statusMessage',
    accepts: (value, ours) => ours(value) && 'statusMessage' in value,
  },
  {
    fault: 'a sixth status',
    message: 'DetailedTask2026',
    path: 'status',
    accepts: (value, ours) => ours(value) || (value['status'] === 'other' && ours({ ...value, status: 'working' })),
  },
  {
    fault: 'a nested field that is not checked',
    message: 'CreateTaskResult2025',
    path: 'task>taskId',
    accepts: (value, ours) => ours({ ...value, task: { ...(value['task'] as object), taskId: '' } }),
  },
  {
    fault: 'a closed object where the specification is open',
    message: 'CreateTaskResult2026',
    path: 'xUnknown',
    accepts: (value, ours) => ours(value) && !('xUnknown' in value),
  },
];

describe('the method', { timeout: TIMEOUT_MS }, () => {
  it.each(FAULTS)('[TEST-01] finds a planted fault: $fault', ({ message: name, path, accepts }) => {
    const right = message(name);
    const ours = (value: unknown) => right.ours.safeParse(value).ok;
    const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
    const faulty: MessageCase = {
      ...right,
      ours: {
        safeParse: (value) =>
          isObject(value) && accepts(value as Record<string, unknown>, ours)
            ? { ok: true, value }
            : { ok: false, issues: [{ path: '', message: 'refused' }] },
      },
    };
    const samples = fc.sample(fc.tuple(right.valid, picks), { numRuns: RUNS_PER_MESSAGE, seed: 1 });
    const found = (schema: MessageCase) =>
      unexplained(samples.flatMap(([value, picks]) => disagreementsOf(schema, value, picks)));
    expect(found(right)).toEqual([]);
    expect(found(faulty).map((disagreement) => disagreement.path)).toContain(path);
  });
});
