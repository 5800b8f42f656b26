import { beforeAll, describe, expect, it } from 'vitest';
import { judged } from '../src/surface/allowed.ts';
import { type PublicSymbol, publicSymbols } from '../src/surface/public-surface.ts';
import { sourceProgram } from '../src/surface/source-program.ts';
import { unusedSurface } from '../src/surface/unused.ts';

/** In two entries and an example: what is used in each way that counts, and what is not used, or only in ways that do not. */
const PLANTED = {
  'packages/store/src/index.ts': `
export interface PlantedOptions { readonly plantedWritten?: string }
export interface PlantedAnswer {
  readonly plantedRead: string;
  readonly plantedUnpacked: string;
  readonly plantedTested?: string;
  readonly plantedDead: string;
}
interface PlantedCount { plantedCalls(): number }
export class PlantedCounter implements PlantedCount { plantedCalls(): number { return 1; } plantedDeadCalls(): number { return 0; } }
export function plantedUsed(options: PlantedOptions): PlantedAnswer {
  const text = String(Object.keys(options).length);
  return { plantedRead: text, plantedUnpacked: text, plantedDead: plantedOnlyInside() };
}
export function plantedOnlyInside(): string { return ''; }
`,
  'packages/store-kit/src/fakes.ts':
    'export function plantedFake(): void {}\nexport function plantedDeadFake(): void {}\n',
  'packages/store-sqlite/test/planted.test.ts': `
import { PlantedCounter, plantedUsed } from '@mcp-tasks/store';
import { plantedFake } from '@mcp-tasks/store-kit/fakes';
plantedFake();
console.log(plantedUsed({}).plantedDead, new PlantedCounter().plantedDeadCalls());
`,
  'examples/basic/src/planted.ts': `
import { PlantedCounter as Counter, plantedUsed } from '@mcp-tasks/store';
const answer = plantedUsed({ plantedWritten: 'x' });
const { plantedUnpacked } = answer;
console.log(answer.plantedRead, plantedUnpacked, 'plantedTested' in answer, new Counter().plantedCalls());
`,
};

const PLANTED_AND_UNUSED = [
  '@mcp-tasks/store PlantedAnswer.plantedDead',
  '@mcp-tasks/store PlantedCounter.plantedDeadCalls',
  '@mcp-tasks/store plantedOnlyInside',
  '@mcp-tasks/store-kit/fakes plantedDeadFake',
];

describe('what the published packages export', () => {
  let symbols: readonly PublicSymbol[];
  let unused: readonly string[];

  beforeAll(async () => {
    const program = await sourceProgram(PLANTED);
    symbols = (await publicSymbols(program)).filter(({ name }) => !/^planted/i.test(name));
    unused = await unusedSurface(program);
  }, 300_000);

  it('is what it was: a symbol that comes or goes is a promise made or broken', async () => {
    const lines = symbols.map(({ entry, name }) => `${entry} ${name}`).sort();
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('public-symbols.txt');
  });

  it('gives a name to one thing', () => {
    const declared = new Map<string, Set<unknown>>();
    for (const { name, declarations } of symbols) {
      declared.set(name, (declared.get(name) ?? new Set()).add(declarations[0]));
    }
    const double = [...declared].filter(([, things]) => things.size > 1).map(([name]) => name);
    // A clock for tests, of two packages that may not import each other.
    expect(double.sort()).toEqual(['FakeClock', 'fakeClock']);
  });

  it('has a user, every symbol and every member: none is found but those that were planted without one', () => {
    expect(judged(unused).left).toEqual(PLANTED_AND_UNUSED);
  });

  it('is excused only where it is unused', () => {
    expect(judged(unused).stale).toEqual([]);
  });
});
