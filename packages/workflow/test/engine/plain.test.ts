import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { workflow } from '../../src/index.ts';
import { deployService } from '../support/deploy-service.ts';
import { client, layer, OWNER, text } from '../support/layer.ts';

const host = () => ({ signal: new AbortController().signal });

describe('a workflow that runs inside its request', () => {
  it('[FNDX-05] [WINT-02] has the conversation that a task has, but for how to continue, and stores nothing', async () => {
    const durable = layer();
    deployService(durable);
    const asTask = await client(durable).start('deploy_service', { region: 'eu' });
    const plain = layer();
    deployService(plain, { durable: false });
    const { engine } = client(plain);
    const call = { tool: 'deploy_service', owner: OWNER, arguments: { region: 'eu' } };
    const { description, messages } = await engine.runPlain(call, host());
    expect(description).toBe('Deploy a service to a region');
    expect(messages.slice(0, -1)).toEqual(asTask.messages.slice(0, -1));
    const [own = '', theirs = ''] = [messages.at(-1)?.content.text, asTask.handOff];
    const common = theirs.slice(0, theirs.indexOf('\n\nHave each result'));
    expect(own.startsWith(common)).toBe(true);
    expect(own).toContain('Nothing of this workflow is stored');
    expect((await plain.for(OWNER).list()).heads).toEqual([]);
  });

  it('of a caller without tasks runs in the same way, and its tool answers with the hand-off or the result', async () => {
    const tasks = layer();
    deployService(tasks);
    const { engine } = client(tasks);
    const call = { tool: 'deploy_service', owner: OWNER, arguments: { region: 'eu' } };
    expect((await engine.runPlain(call, host())).messages.at(-1)?.content.text).toContain(
      '1. Call approve with {"monthlyUsd":30}',
    );
    const result = await tasks.runInline(call, host());
    expect(result).toMatchObject({ structuredContent: { workflow: 'deploy_service' } });
    expect(result.content).toMatchObject([{ text: expect.stringContaining('1. Call approve') as string }]);
    const tool = tasks.tool('tool', {}, () => text('done'));
    workflow(tasks, 'whole', { description: 'd' }, ({ step }) => void step('one', { tool }));
    const whole = await tasks.runInline({ ...call, tool: 'whole', arguments: {} }, host());
    expect(whole.structuredContent).toMatchObject({ outputs: { one: 'done' } });
    const { messages } = await engine.runPlain({ ...call, tool: 'whole', arguments: {} }, host());
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant', 'user']);
  });

  it('asks on the request where it can', async () => {
    const tasks = layer();
    workflow(tasks, 'w', { description: 'd', durable: false, instructions: 'Be brief.' }, ({ step }) => {
      step('ask', { client: true, elicit: { message: 'Well?', schema: z.object({ yes: z.boolean() }) } });
    });
    const { engine } = client(tasks);
    const call = { tool: 'w', owner: OWNER, arguments: {} };
    const asked = await engine.runPlain(call, {
      ...host(),
      ask: async () => ({ action: 'accept', content: { yes: true } }),
    });
    expect(asked.messages.map(({ content }) => content.text)).toEqual([
      'd',
      'Be brief.',
      "Here's my plan:\n\n1. ask (client): ask the person",
      "Asking for step 'ask' to be done",
      'Result:\n```\n{\n  "yes": true\n}\n```',
    ]);
    const unasked = await engine.runPlain(call, host());
    expect(unasked.messages.at(-1)?.content.text).toContain('1. ask: Well?');
  });

  it('refuses arguments that do not fit', async () => {
    const tasks = layer();
    deployService(tasks, { durable: false });
    const { engine } = client(tasks);
    const call = { tool: 'deploy_service', owner: OWNER, arguments: {} };
    await expect(engine.runPlain(call, host())).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});
