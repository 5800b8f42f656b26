import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { field, workflow } from '../../src/index.ts';
import { countVisited, HOSTILE_UNITS, hostileText, MiB } from '../support/count-work.ts';
import { client, layer } from '../support/layer.ts';

const KiB = 1024;
/** Texts of others are cut to 16 KiB; an escape has up to six characters for one. */
const MAX_SHOWN_CHARACTERS = 6 * 16 * KiB + 100;

/** A workflow that shows the text it gets wherever it can: as argument, output, error, field, guidance, question and resource. */
function showsEverywhere(text: string) {
  const tasks = layer({
    limits: { maxArgumentsBytes: 16 * MiB, maxCheckpointBytes: 16 * MiB, maxResultBytes: 16 * MiB },
  });
  const gives = tasks.tool('gives', {}, () => ({ content: [{ type: 'text', text }] }));
  const fails = tasks.tool('fails', {}, () => {
    throw new TypeError(text);
  });
  const fields = tasks.tool('fields', {}, () => ({ content: [], structuredContent: { [text]: 1 } }));
  const takes = tasks.tool('takes', { inputSchema: z.looseObject({}) }, () => ({ content: [] }));
  workflow(
    tasks,
    'w',
    { description: 'd', arguments: z.object({ text: z.string() }), readResource: () => text },
    ({ step }) => {
      const given = step('gives', { tool: gives });
      const said = { text: 'Look at {text} and {given}', variables: { given: given.output } };
      step('reads', { resources: ['file:///{text}'] });
      step('fails', { tool: fails, guidance: said });
      const found = step('fields', { tool: fields });
      step('finds', { tool: takes, arguments: { value: field(found.output, 'missing') } });
      step('asks', { client: true, elicit: { message: said, schema: z.object({ ok: z.boolean() }) } });
      step('does', { client: true, guidance: said });
    },
  );
  return client(tasks);
}

describe('texts that others wrote', () => {
  it('are cut before they are worked on, wherever a workflow shows them: neither the work nor any text grows with theirs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...HOSTILE_UNITS), { minLength: 1, maxLength: 3 }), async (units) => {
        const text = hostileText(units);
        const shows = showsEverywhere(text);
        const { head } = await shows.start('w', { text });
        const { value, visited } = await countVisited(() => shows.view(head.taskId));
        // Some looks at 16 KiB for each place that shows it, and none at the whole: three times the text costs no more.
        expect(visited).toBeLessThan(2 * MiB);
        for (const { content } of value.messages) expect(content.text.length).toBeLessThan(5 * MAX_SHOWN_CHARACTERS);
        expect(JSON.stringify(value.meta).length).toBeLessThan(10 * MAX_SHOWN_CHARACTERS);
        expect(JSON.stringify(value.head).length).toBeLessThan(16 * KiB);
      }),
      { numRuns: 6 },
    );
  }, 60_000);
});
